// A little work that shows the server a browser is asking. SHA-256 is ours, because crypto.subtle is missing on plain
// http pages, and a promise for each of a hundred thousand hashes costs more than the hash.

const AT_ONCE_MILLISECONDS = 12  // then the page gets a turn, so that nobody feels it

/** The challenge with a number for which SHA-256 of "{salt}:{number}" begins with `difficulty` zero bits. */
export async function solve(challenge, signal) {
  const { salt, difficulty } = challenge
  for (let number = 0, rest = performance.now(); ; number++) {
    if (Math.clz32(firstWord(`${salt}:${number}`)) >= difficulty) return { ...challenge, number }
    if (number % 256 || performance.now() - rest < AT_ONCE_MILLISECONDS) continue
    await new Promise((resolve) => setTimeout(resolve))
    signal.throwIfAborted()
    rest = performance.now()
  }
}

const PRIMES = []
for (let candidate = 2; PRIMES.length < 64; candidate++) if (PRIMES.every((prime) => candidate % prime)) PRIMES.push(candidate)
const fraction = (root) => (root - Math.floor(root)) * 2 ** 32 | 0
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)))
const words = new Int32Array(64)

/** The first 32 bits of the SHA-256 of a text of up to 55 ASCII characters: one block. Source: FIPS 180-4. */
export function firstWord(text) {
  words.fill(0, 0, 16)
  for (let at = 0; at < text.length; at++) words[at >> 2] |= text.charCodeAt(at) << (24 - (at & 3) * 8)
  words[text.length >> 2] |= 0x80 << (24 - (text.length & 3) * 8)
  words[15] = text.length * 8
  for (let at = 16; at < 64; at++) {
    const [early, late] = [words[at - 15], words[at - 2]]
    const small = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
    const large = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
    words[at] = (words[at - 16] + small + words[at - 7] + large) | 0
  }
  let [a, b, c, d, e, f, g, h] = START
  for (let at = 0; at < 64; at++) {
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[at] + words[at]) | 0
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  return (START[0] + a) >>> 0
}

function turn(word, by) {
  return (word >>> by) | (word << (32 - by))
}
