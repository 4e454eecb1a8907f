// What is said, and how it reaches the server. Nothing in here touches the page.

const SILENCE_SECONDS = 45  // a model may think for half a minute; a dead connection must not look like thinking
const KEPT_LINES = 50  // enough to read back after a change of page

export class Conversation {
  lines = []
  #bot
  #place
  #id
  #token
  #expires = 0
  #entering
  #halt = new AbortController()

  constructor(bot) {
    this.#bot = bot
    this.#place = `trulybot:${bot.key}`
    this.#restore()
  }

  /** Ask, and yield [event, data] as the answer forms: start, delta, citation, done. Asking again with the same line is harmless. */
  async *ask(line) {
    const halt = this.#halt
    let timer
    const hear = () => {
      clearTimeout(timer)
      timer = setTimeout(() => halt.abort(), SILENCE_SECONDS * 1000)
    }
    try {
      hear()
      const response = await this.#post(line)
      if (!response.ok) throw new Error(`the chat answered ${response.status}`)
      if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
        yield this.#heard("done", await response.json())
        return
      }
      for await (const [event, data] of events(response.body, hear)) {
        if (event === "error") throw new Error(data.error?.code ?? "the answer broke off")
        yield this.#heard(event, data)
        if (event === "done") return
      }
      throw new Error("the answer broke off")
    } finally {
      clearTimeout(timer)
      if (halt.signal.aborted && halt === this.#halt) this.#halt = new AbortController()
    }
  }

  /** Keep what a change of page must not lose, for as long as this tab lives. Called only after a first click. */
  keep(open) {
    const kept = { open, who: this.who, id: this.#id, token: this.#token, expires: this.#expires, lines: this.lines.slice(-KEPT_LINES) }
    try {
      sessionStorage.setItem(this.#place, JSON.stringify(kept))
    } catch {
      // The page may not use storage: then the conversation lives as long as the page.
    }
  }

  /** Have a session that is good for a while yet. */
  async enter() {
    if (Date.now() > this.#expires) await (this.#entering ??= this.#newSession().finally(() => (this.#entering = undefined)))
  }

  forget() {
    this.#halt.abort()
    this.#halt = new AbortController()
    this.lines = []
    this.#id = undefined
    this.#expires = 0
  }

  async #newSession() {
    const { identity } = this.#bot
    let response = await this.#askIn()
    const { code, details } = response.ok ? {} : ((await response.json().catch(() => ({}))).error ?? {})
    if (code === "proof_required") {
      const { solve } = await import("./proof.js")  // Few are ever asked for it.
      response = await this.#askIn(await solve(details[0], this.#halt.signal))
    }
    if (!response.ok) throw new Error(`the session answered ${response.status}`)
    const { token, expires_in } = await response.json()
    this.who = identity?.id
    this.#id = undefined  // A new session is a new visitor, who has no conversation yet.
    this.#token = token
    this.#expires = Date.now() + (expires_in - 30) * 1000
  }

  #askIn(proof) {
    const { key, identity } = this.#bot
    return this.#fetch("api/widget/session", { bot: key, identity, proof }).catch((error) => {
      // A browser tells no page why it may not read an answer. This is for whoever sets the page up.
      throw new Error(`no session. May ${location.origin} show this bot?`, { cause: error })
    })
  }

  /** Tell what the visitor thinks of an answer. */
  async rate({ id, rating }) {
    await this.enter()
    const response = await this.#fetch(`api/chat/${id}/feedback`, { rating }, { Authorization: `Bearer ${this.#token}` })
    if (!response.ok) throw new Error(`the feedback answered ${response.status}`)
  }

  #heard(event, data) {
    if (data.conversation_id) this.#id = data.conversation_id
    return [event, data]
  }

  async #post(line) {
    for (let again = true; ; again = false) {
      await this.enter()
      const locale = this.#bot.locale ?? (document.documentElement.lang || navigator.language)
      const response = await this.#fetch(
        "api/chat",
        { message: line.text, message_id: line.id, conversation_id: this.#id, locale },
        { Accept: "text/event-stream", Authorization: `Bearer ${this.#token}` },
      )
      if (!again) return response
      if (response.status === 401) this.#expires = 0
      else if (response.status === 404 && this.#id) this.#id = undefined
      else return response
    }
  }

  #fetch(path, body, headers) {
    return fetch(this.#bot.base + path, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: this.#halt.signal,
    })
  }

  #restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#place))
      if (!kept) return
      this.who = kept.who
      this.#id = kept.id
      this.#token = kept.token
      this.#expires = kept.expires
      this.lines = kept.lines
    } catch {
      // Nothing readable was kept: begin afresh.
    }
  }
}

async function* events(body, hear) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    hear()
    const blocks = (rest + value).split(/\r?\n\r?\n/)
    rest = blocks.pop()
    for (const block of blocks) {
      const name = block.match(/^event: ?(.*)$/m)?.[1]
      const data = Array.from(block.matchAll(/^data: ?(.*)$/gm), ([, text]) => text).join("\n")
      if (data) yield [name, JSON.parse(data)]
    }
  }
}

/** A UUIDv7: made here, so that a message sent twice is saved once. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  const time = Date.now().toString(16).padStart(12, "0")
  const variant = ((bytes[8] & 0x3f) | 0x80).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20)}`
}
