// Text into nodes. What the bot or a document says is never HTML.

const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]/giu
const QUOTE_WORDS = 4  // shorter runs are shared by chance

/** An element with attributes (an "onclick" is a listener) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === "function") element.addEventListener(name.slice(2), value)
    else if (value != null) element.setAttribute(name, value)
  element.append(...children)
  return element
}

export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  svg.append(document.createElementNS(svg.namespaceURI, "path"))
  svg.firstChild.setAttribute("d", path)
  return svg
}

export function link(address, text) {
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text)
}

/** The address if it is one that a visitor may be sent to. */
export function safe(address) {
  return URL.canParse(address ?? "") && /^(https?|mailto):$/.test(new URL(address).protocol) ? address : undefined
}

/** Paragraphs with their links; line breaks inside a paragraph are kept by the style sheet. */
export function paragraphs(text) {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((part) => make("p", { dir: "auto" }, ...linked(part)))
}

/** The passage, with what the answer took from it marked. */
export function marked(passage, answer) {
  const [spoken, read] = [wordsOf(answer), wordsOf(passage)]
  const length = Math.min(QUOTE_WORDS, spoken.length)
  const runs = new Set(runsOf(spoken, length))
  const quoted = new Set()
  runsOf(read, length).forEach((run, at) => {
    if (runs.has(run)) for (let next = 0; next < length; next++) quoted.add(at + next)
  })
  const nodes = []
  let written = 0
  for (let first = 0; first < read.length; first++) {
    if (!quoted.has(first)) continue
    let last = first
    while (quoted.has(last + 1)) last++
    nodes.push(passage.slice(written, read[first].start), make("mark", {}, passage.slice(read[first].start, read[last].end)))
    written = read[last].end
    first = last
  }
  return [...nodes, passage.slice(written)]
}

/** The sentences that are complete, and where the unfinished one begins. */
export function sentences(text, language) {
  if (!Intl.Segmenter) return [[], 0]
  const all = [...new Intl.Segmenter(language, { granularity: "sentence" }).segment(text)]
  const open = all.pop()
  return [all.map(({ segment }) => segment), open?.index ?? 0]
}

function linked(text) {
  const nodes = []
  let written = 0
  for (const { 0: address, index } of text.matchAll(LINK)) {
    if (!safe(address)) continue
    nodes.push(text.slice(written, index), link(address, address.replace(/^mailto:/i, "")))
    written = index + address.length
  }
  return [...nodes, text.slice(written)]
}

function wordsOf(text) {
  const found = Intl.Segmenter
    ? Array.from(new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)).filter(({ isWordLike }) => isWordLike)
    : Array.from(text.matchAll(/[\p{L}\p{N}]+/gu), ({ 0: segment, index }) => ({ segment, index }))
  return found.map(({ segment, index }) => ({ word: segment.toLowerCase(), start: index, end: index + segment.length }))
}

function runsOf(words, length) {
  return words.slice(length - 1).map((_, at) => words.slice(at, at + length).map(({ word }) => word).join(" "))
}
