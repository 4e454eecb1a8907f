// The button in the corner, and the calls a page may make. The panel loads when someone reaches for the button.
(() => {
  "use strict"
  if (customElements.get("truly-bot")) return

  const script = document.currentScript ?? document.querySelector("script[data-bot]")
  const key = script.dataset.bot
  const base = new URL(".", script.src).href

  const TEXTS = {
    subtitle: "Answers from our own pages, with their sources",
    greeting: "Hello! What would you like to know?",
    placeholder: "Ask a question…",
    send: "Send",
    open: "Ask us a question",
    close: "Close",
    back: "Back to the conversation",
    sources: "Sources",
    visit: "Open the page",
    retry: "Try again",
    failed: "That did not go through.",
    unanswered: "No answer found",
    suggestions: "You could ask",
    helped: "This helped",
    did_not_help: "This did not help",
    typing: "Looking for the answer…",
    conversation: "Conversation",
    you: "You",
    powered_by: "Answers by TrulyBot",
  }

  const BUBBLE = "M21 11.5a8.5 8.5 0 0 1-12.4 7.5L3.5 20.5l1.4-4.6A8.5 8.5 0 1 1 21 11.5ZM12.5 7.5v7.6M9.2 9.4l6.6 3.8M15.8 9.4l-6.6 3.8"
  const DOWN = "M6 9.5l6 6 6-6"

  const STYLES = `
    :host {
      all: initial;
      --accent: #2f6f4e;
      --on-accent: #ffffff;
      --edge: max(20px, env(safe-area-inset-bottom));
      position: fixed;
      z-index: 2147483000;
      color-scheme: light dark;
      font: 400 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    }
    .launcher {
      position: fixed;
      inset-block-end: var(--edge);
      inset-inline-end: 20px;
      display: grid;
      place-items: center;
      inline-size: 56px;
      block-size: 56px;
      border: 1px solid transparent;
      border-radius: 20px 20px 6px 20px;
      background: var(--accent);
      color: var(--on-accent);
      box-shadow: 0 1px 2px #0003, 0 8px 24px #0003;
      cursor: pointer;
      transition: transform 0.15s;
    }
    .launcher:dir(rtl) { border-radius: 20px 20px 20px 6px }
    :host([position="start"]) .launcher { inset-inline: 20px auto; border-radius: 20px 20px 20px 6px }
    :host([position="start"]) .launcher:dir(rtl) { border-radius: 20px 20px 6px 20px }
    .launcher svg { inline-size: 30px; block-size: 30px; stroke-width: 1.6 }
    .launcher:hover { transform: translateY(-2px) }
    .launcher[aria-busy="true"] { cursor: progress; opacity: 0.8 }
    :focus-visible { outline: 3px solid #111; outline-offset: 2px; box-shadow: 0 0 0 2px #fff }
    [aria-expanded="true"] path:first-child, [aria-expanded="false"] path:last-child { display: none }
    svg { inline-size: 24px; block-size: 24px; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round }
    @media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important } }
    @media print { :host { display: none } }
  `

  const listeners = new Map()

  class TrulyBot extends HTMLElement {
    #shadow = this.attachShadow({ mode: "open" })
    #loading
    #launcher

    begin(config) {
      this.config = config
      this.texts = { ...TEXTS, title: config.name, ...config.texts }
      this.base = base
      this.key = key
      const styles = new CSSStyleSheet()
      styles.replaceSync(STYLES)
      this.#shadow.adoptedStyleSheets = [styles]  // a host page's CSP can block a style element, not this
      for (const [name, colour] of Object.entries({ accent: config.colors?.accent, "on-accent": config.colors?.on_accent }))
        if (/^#[0-9a-f]{6}$/i.test(colour)) this.style.setProperty(`--${name}`, colour)
      this.setAttribute("position", config.position === "start" ? "start" : "end")
      if (config.languages?.[0]) this.lang = config.languages[0]
      this.#addLauncher()
      // Someone who left the panel open on the page before finds it open on this one.
      if (this.#wasOpen() && matchMedia("(min-width: 481px) and (min-height: 481px)").matches) this.#panel().then((panel) => panel.open({ focus: false }))
    }

    async open() {
      (await this.#panel()).open()
    }

    async close() {
      if (this.#loading) (await this.#panel()).close()
    }

    async toggle() {
      (await this.#panel()).toggle()
    }

    /** person: {id, email, name, signature}, which the page's own server has signed. */
    async identify(person) {
      this.identity = person
      if (this.#loading) (await this.#panel()).meet(person)
    }

    setLocale(locale) {
      const { script: writing } = new Intl.Locale(locale).maximize()
      this.locale = locale
      this.dir = /Arab|Hebr|Thaa|Syrc|Nkoo|Adlm/.test(writing) ? "rtl" : "ltr"
    }

    async send(text) {
      const panel = await this.#panel()
      panel.open()
      panel.send(String(text))
    }

    async reset() {
      (await this.#panel()).reset()
    }

    emit(name, detail) {
      for (const listener of listeners.get(name) ?? []) listener(detail)
    }

    async #panel() {
      this.#launcher.setAttribute("aria-busy", "true")
      this.#loading ??= import(`${base}widget/panel.js`).then(({ Panel }) => new Panel(this, this.#shadow, this.#launcher))
      try {
        return await this.#loading
      } catch (error) {
        this.#loading = undefined
        throw error
      } finally {
        this.#launcher.removeAttribute("aria-busy")
      }
    }

    #addLauncher() {
      const launcher = document.createElement("button")
      launcher.type = "button"
      launcher.className = "launcher"
      launcher.setAttribute("aria-label", this.texts.open)
      launcher.setAttribute("aria-haspopup", "dialog")
      launcher.setAttribute("aria-expanded", "false")
      const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg")
      icon.setAttribute("viewBox", "0 0 24 24")
      icon.setAttribute("aria-hidden", "true")
      for (const outline of [BUBBLE, DOWN]) icon.append(document.createElementNS(icon.namespaceURI, "path")), icon.lastChild.setAttribute("d", outline)
      launcher.append(icon)
      launcher.addEventListener("click", () => this.toggle())
      for (const event of ["pointerenter", "focus"]) launcher.addEventListener(event, () => this.#panel(), { once: true })
      this.#launcher = this.#shadow.appendChild(launcher)
    }

    #wasOpen() {
      try {
        return JSON.parse(sessionStorage.getItem(`trulybot:${key}`))?.open
      } catch {
        return false  // The page may not use storage.
      }
    }
  }

  async function begin() {
    const response = await fetch(`${base}api/widget/config/${encodeURIComponent(key)}`, { credentials: "omit" })
    if (!response.ok) throw new Error(`its settings answered ${response.status}`)
    const config = await response.json()
    if (!document.body) await new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }))
    const bot = document.createElement("truly-bot")
    bot.begin(config)
    document.body.append(bot)
    bot.emit("ready")
    return bot
  }

  customElements.define("truly-bot", TrulyBot)
  const waiting = Array.from(window.TrulyBot ?? [])
  const warn = (error) => console.warn("TrulyBot:", error)
  const ready = begin()
  ready.catch(warn)

  const calls = {
    on(name, listener) {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener))
    },
    off(name, listener) {
      listeners.get(name)?.delete(listener)
    },
    push(...more) {
      for (const [name, ...values] of more.map((call) => Array.from(call))) if (Object.hasOwn(calls, name)) calls[name](...values)
    },
  }
  for (const name of ["open", "close", "toggle", "identify", "setLocale", "send", "reset"])
    calls[name] = (...values) => ready.then((bot) => bot[name](...values)).catch(warn)
  window.TrulyBot = calls
  calls.push(...waiting)
})()
