// The conversation as a person sees, hears and types it.
import { Conversation, newId } from "./conversation.js"
import { STYLES } from "./styles.js"
import { icon, link, make, marked, paragraphs, safe, sentences } from "./words.js"

const CROSS = "M6 6l12 12M18 6L6 18"
const ARROW = "M12 19V5M6 11l6-6 6 6"
const BACK = "M19 12H5M11 6l-6 6 6 6"
const THUMB = "M7 11v9H4v-9zM7 11l4-7c1.7 0 2.5 1 2 3l-.7 3H18c1.5 0 2.3 1 2 2.5l-1.2 5.5c-.3 1.2-1 2-2.3 2H7"
const PHONE = matchMedia("(max-width: 480px), (max-height: 480px)")
const AT_END_PIXELS = 48  // a reader this close to the last line is following along
const ABOVE_PIXELS = 12  // of air over the question whose answer is read

export class Panel {
  #bot
  #texts
  #launcher
  #opener
  #conversation
  #turn = Promise.resolve()
  #announced = 0
  #unanswered

  constructor(bot, shadow, launcher) {
    this.#bot = bot
    this.#texts = bot.texts
    this.#launcher = launcher
    this.#conversation = new Conversation(bot)
    const styles = new CSSStyleSheet()
    styles.replaceSync(STYLES)
    shadow.adoptedStyleSheets.push(styles)
    this.#build()
    shadow.prepend(this.dialog)
    PHONE.addEventListener("change", () => this.dialog.open && this.#show())
    for (const event of ["resize", "scroll"]) visualViewport?.addEventListener(event, () => this.#fit())
    for (const line of this.#conversation.lines) this.#restoreLine(line)
    // The page changed before the answer came. Asking again by the same id fetches it, and asks nothing twice.
    this.#unanswered = this.#conversation.lines.filter(({ author }, at, lines) => author === "visitor" && lines[at + 1]?.author !== "bot")
    this.#suggest()
  }

  open({ focus = true } = {}) {
    if (this.dialog.open) return
    this.#opener = this.dialog.getRootNode().activeElement ?? document.activeElement
    this.#show()
    this.#launcher.setAttribute("aria-expanded", "true")
    this.#scroll()
    // On a phone the keyboard would hide what we have to say first.
    if (focus) (PHONE.matches ? this.dialog : this.field).focus()
    this.#conversation.enter().then(() => this.#keep(), () => {})  // A failure will be told when it matters: at the first message.
    for (const line of this.#unanswered.splice(0)) this.#ask(line)
    this.#bot.emit("open")
  }

  close() {
    if (!this.dialog.open) return
    this.#closeSource()
    this.dialog.close()
    this.#launcher.setAttribute("aria-expanded", "false")
    const back = this.#opener && this.#opener !== document.body && this.#opener.isConnected ? this.#opener : this.#launcher
    back.focus()
    this.#keep()
    this.#bot.emit("close")
  }

  toggle() {
    this.dialog.open ? this.close() : this.open()
  }

  send(text) {
    const words = text.trim()
    if (!words) return
    const line = { author: "visitor", id: newId(), text: words }
    this.#conversation.lines.push(line)
    this.#withdrawOffers()
    this.list.append(this.#visitorLine(line))
    this.#scroll()
    this.#keep()
    this.#bot.emit("message", { text: words })
    this.#ask(line)
  }

  /** Someone else is at the page now: what was said before is not theirs to read. */
  meet(person) {
    if (this.#conversation.who !== person?.id) this.reset()
  }

  reset() {
    this.#conversation.forget()
    this.#closeSource()
    this.list.replaceChildren()
    this.#suggest()
    this.#keep()
  }

  #build() {
    const { title, subtitle, greeting, placeholder, send, close, conversation, powered_by } = this.#texts
    this.field = make("textarea", {
      rows: 1, maxlength: 4000, placeholder, "aria-label": placeholder, enterkeyhint: "send", oninput: () => this.#grow(), onkeydown: (event) => this.#type(event),
    })
    this.list = make("ol", { class: "lines" })
    this.scroller = make("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": conversation }, make("p", { class: "greeting", dir: "auto" }, greeting), this.list)
    this.heard = make("div", { class: "unseen", role: "log", "aria-live": "polite" })
    this.talk = make(
      "div",
      { class: "talk" },
      make(
        "header",
        {},
        make("div", {}, make("h2", { id: "title", dir: "auto" }, title), make("p", { dir: "auto" }, subtitle)),
        make("button", { type: "button", class: "plain", "aria-label": close, onclick: () => this.close() }, icon(CROSS)),
      ),
      this.scroller,
      make("form", { onsubmit: (event) => this.#submit(event) }, this.field, make("button", { class: "send", "aria-label": send }, icon(ARROW))),
      make("small", {}, powered_by),
    )
    this.dialog = make(
      "dialog",
      {
        "aria-labelledby": "title", tabindex: -1, onkeydown: (event) => this.#escape(event),
        oncancel: (event) => (event.preventDefault(), this.#leave()),
      },
      this.talk,
      this.heard,
    )
  }

  #show() {
    const wasOpen = this.dialog.open
    const focused = this.dialog.getRootNode().activeElement
    if (wasOpen) this.dialog.close()
    this.dialog.setAttribute("aria-modal", PHONE.matches)
    // On a desktop the page stays usable beside the panel, and showing it must not take the focus by itself.
    if (PHONE.matches) this.dialog.showModal()
    else this.dialog.open = true
    this.#fit()
    if (wasOpen) focused?.focus()
  }

  /** On a phone, fill just what the keyboard leaves. */
  #fit() {
    const { style } = this.dialog
    style.setProperty("--top", `${visualViewport?.offsetTop ?? 0}px`)
    style.setProperty("--height", visualViewport ? `${visualViewport.height}px` : "100dvh")
  }

  #grow() {
    this.field.style.setProperty("height", "auto")
    this.field.style.setProperty("height", `${this.field.scrollHeight}px`)
  }

  #type(event) {
    // Enter also ends a word in an input method: that one is not ours. Safari reports it only by 229.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) this.#submit(event)
  }

  #submit(event) {
    event.preventDefault()
    this.send(this.field.value)
    this.field.value = ""
    this.#grow()
    this.field.focus()
  }

  #escape(event) {
    if (event.key !== "Escape" || event.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    this.#leave()
  }

  #leave() {
    if (this.source) this.#closeSource()
    else this.close()
  }

  /** One question at a time: the next waits for the answer before it, in its place in the list. */
  #ask(line) {
    const place = this.#botLine()
    place.append(make("p", { class: "typing" }, make("span", { class: "unseen" }, this.#texts.typing), make("i"), make("i"), make("i")))
    this.#follow(() => this.list.append(place))
    this.#turn = this.#turn.then(() => this.#answer(line, place))
  }

  async #answer(line, place) {
    if (!place.isConnected) return
    const text = make("div", { class: "text" })
    const citations = []
    let said = ""
    this.heard.replaceChildren(make("p", {}, this.#texts.typing))
    this.#announced = 0
    try {
      for await (const [event, data] of this.#conversation.ask(line)) {
        if (!place.isConnected) return
        if (event === "citation") citations.push(data)
        if (event === "delta") {
          said += data.text
          this.#follow(() => {
            text.replaceChildren(...paragraphs(said))
            if (!text.isConnected) place.lastChild.replaceWith(text)
          })
          this.#announce(said)
        }
        if (event === "done") {
          const { answer: spoken = said, answered, language, suggestions, message_id: id } = data
          this.#settle(place, line, { author: "bot", id, text: spoken, answered, language, suggestions, citations: data.citations ?? citations })
          this.#announce(spoken, language, true)
        }
      }
    } catch (error) {
      if (place.isConnected) this.#fail(line, place, error)
    }
  }

  #settle(place, question, answer) {
    const { lines } = this.#conversation
    lines.splice(lines.indexOf(question) + 1, 0, answer)
    this.#follow(() => {
      this.#withdrawOffers()
      this.#fill(place, answer)
    })
    this.#keep()
    this.#bot.emit("answer", { text: answer.text, answered: answer.answered })
  }

  #fail(line, place, error) {
    console.warn("TrulyBot:", error)
    const again = () => {
      place.remove()
      this.#ask(line)
      this.field.focus()
    }
    const words = make("p", {}, this.#texts.failed)
    this.#follow(() => place.replaceChildren(make("div", { class: "failed" }, words, make("button", { type: "button", onclick: again }, this.#texts.retry))))
    this.heard.append(make("p", {}, this.#texts.failed))
    this.#bot.emit("error", { message: error.message })
  }

  #visitorLine({ text }) {
    return make("li", { class: "visitor" }, make("span", { class: "unseen" }, `${this.#texts.you}:`), make("p", { dir: "auto" }, text))
  }

  #botLine() {
    return make("li", { class: "bot" }, make("span", { class: "unseen" }, `${this.#texts.title}:`))
  }

  #restoreLine(line) {
    this.#withdrawOffers()
    this.list.append(line.author === "visitor" ? this.#visitorLine(line) : this.#fill(this.#botLine(), line))
  }

  #fill(place, line) {
    const { text, answered, language, suggestions, citations } = line
    place.classList.toggle("unanswered", answered === false)
    if (language) place.lang = language
    const name = place.firstChild
    place.replaceChildren(name, make("div", { class: "text" }, ...paragraphs(text)))
    if (answered === false) name.after(make("p", { class: "state", lang: this.#bot.lang }, this.#texts.unanswered))
    if (citations?.length) place.append(this.#footnotes(citations, text))
    if (line.id) place.append(this.#thumbs(line))
    this.#offer(place, suggestions?.length || answered !== false ? suggestions : this.#bot.config.suggested_questions)
    return place
  }

  #footnotes(citations, answer) {
    const notes = citations.map((citation, at) => {
      const open = (event) => this.#openSource(citation, at + 1, answer, event.currentTarget)
      return make("li", {}, make("button", { type: "button", class: "note", onclick: open }, make("b", {}, at + 1), make("span", { dir: "auto" }, citation.title)))
    })
    return make("div", { class: "notes" }, make("p", {}, this.#texts.sources), make("ol", { "aria-label": this.#texts.sources }, ...notes))
  }

  #thumbs(line) {
    const buttons = ["up", "down"].map((rating) => {
      const label = rating === "up" ? this.#texts.helped : this.#texts.did_not_help
      const pressed = line.rating === rating
      return make("button", { type: "button", class: rating, "aria-label": label, "aria-pressed": pressed, onclick: () => rate(rating) }, icon(THUMB))
    })
    const show = (rating) => {
      line.rating = rating
      for (const button of buttons) button.setAttribute("aria-pressed", button.className === rating)
      this.#keep()
    }
    const rate = async (rating) => {
      const before = line.rating
      show(rating)
      // What could not be told is not shown as told.
      await this.#conversation.rate(line).catch(() => show(before))
    }
    return make("div", { class: "thumbs", lang: this.#bot.lang }, ...buttons)
  }

  /** Questions that were not asked yet. */
  #offer(place, questions) {
    const asked = new Set(this.#conversation.lines.map(({ text }) => text))
    const open = questions?.filter((question) => !asked.has(question))
    if (open?.length) place.append(this.#offers(open))
  }

  /** Only the last line offers anything: the same again under each would bury what was said. */
  #withdrawOffers() {
    for (const offers of this.scroller.querySelectorAll(".offers")) offers.remove()
  }

  #offers(questions) {
    const buttons = questions.map((question) => make("li", {}, make("button", { type: "button", class: "offer", dir: "auto", onclick: () => this.#take(question) }, question)))
    return make("div", { class: "offers" }, make("p", {}, this.#texts.suggestions), make("ul", {}, ...buttons))
  }

  #take(question) {
    this.send(question)
    if (!PHONE.matches) this.field.focus()
  }

  #suggest() {
    if (!this.#conversation.lines.length) this.#offer(this.scroller, this.#bot.config.suggested_questions)
  }

  #openSource({ title, text, url }, number, answer, note) {
    const back = make("button", { type: "button", class: "plain", "aria-label": this.#texts.back, onclick: () => this.#closeSource() }, icon(BACK))
    const passage = make("blockquote", { dir: "auto" }, ...marked(text, answer))
    const page = /^http/i.test(safe(url) ?? "") ? [make("p", { class: "visit" }, link(url, this.#texts.visit))] : []
    this.source = make(
      "section",
      { class: "source", "aria-labelledby": "source" },
      make("header", {}, back, make("h3", { id: "source", dir: "auto" }, make("b", {}, number), title)),
      make("div", { class: "scroller", tabindex: 0, role: "region", "aria-labelledby": "source" }, passage, ...page),
    )
    this.source.note = note
    this.talk.inert = true
    this.dialog.append(this.source)
    const quoted = passage.querySelector("mark")
    if (quoted) this.source.lastChild.scrollTop = quoted.offsetTop - 96
    back.focus()
  }

  #closeSource() {
    if (!this.source) return
    this.talk.inert = false
    this.source.remove()
    this.source.note.focus()
    this.source = undefined
  }

  /** Read out whole sentences: a screen reader that is handed each word as it arrives can follow none. */
  #announce(said, language, finished) {
    const rest = said.slice(this.#announced)
    const [complete, open] = sentences(rest, language)
    const ready = finished ? [rest] : complete
    this.#announced += finished ? rest.length : open
    for (const sentence of ready) if (sentence.trim()) this.heard.append(make("p", { lang: language }, sentence))
  }

  #follow(change) {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller
    change()
    if (scrollHeight - scrollTop - clientHeight < AT_END_PIXELS) this.#scroll()
  }

  /** To the end, but no further than to the newest question: an answer is read from its beginning. */
  #scroll() {
    const { scrollHeight, scrollTop } = this.scroller
    const question = Array.from(this.list.querySelectorAll(".visitor")).at(-1)
    const above = question ? question.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top : Infinity
    this.scroller.scrollTop = Math.min(scrollHeight, scrollTop + above - ABOVE_PIXELS)
  }

  #keep() {
    this.#conversation.keep(this.dialog.open)
  }
}
