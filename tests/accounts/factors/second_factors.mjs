// Second factors with @supabase/auth-js. Arguments: address of the API, {email, password} as JSON.
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { AuthClient } from "@supabase/auth-js"

const [url, form] = [process.argv[2], JSON.parse(process.argv[3])]
const people = () => new AuthClient({ url, autoRefreshToken: false, persistSession: false })

function good({ data, error }) {
  assert.equal(error, null)
  return data
}

// RFC 6238. later: in half minutes.
function code(seed, later = 0) {
  const bits = [...seed].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("")
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later))
  const mac = createHmac("sha1", key).update(step).digest()
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, "0")
}

const ana = people()
const made = good(await ana.signUp(form))
const enrolled = good(await ana.mfa.enroll({ factorType: "totp", friendlyName: "phone", issuer: "Acme" }))
assert.match(enrolled.totp.qr_code, /^data:image\/svg\+xml;utf-8,<svg /)
assert.match(enrolled.totp.uri, /^otpauth:\/\/totp\/Acme:/)
const again = (await ana.mfa.enroll({ factorType: "totp", friendlyName: "phone" })).error
assert.deepEqual([again.status, again.code], [422, "mfa_factor_name_conflict"])

const challenge = good(await ana.mfa.challenge({ factorId: enrolled.id }))
assert.ok(challenge.expires_at > Date.now() / 1000 + 200)
const answer = { factorId: enrolled.id, challengeId: challenge.id }
assert.equal((await ana.mfa.verify({ ...answer, code: "abcdef" })).error.code, "mfa_verification_failed")
const raised = good(await ana.mfa.verify({ ...answer, code: code(enrolled.totp.secret) }))
assert.notEqual(raised.refresh_token, made.session.refresh_token)

const level = good(await ana.mfa.getAuthenticatorAssuranceLevel())
assert.deepEqual([level.currentLevel, level.nextLevel], ["aal2", "aal2"])
assert.deepEqual(level.currentAuthenticationMethods.map(({ method }) => method), ["totp", "password"])
assert.deepEqual(good(await ana.mfa.listFactors()).totp.map(({ id }) => id), [enrolled.id])

const laptop = people()
good(await laptop.signInWithPassword(form))
const halfWay = good(await laptop.mfa.getAuthenticatorAssuranceLevel())
assert.deepEqual([halfWay.currentLevel, halfWay.nextLevel], ["aal1", "aal2"])
assert.equal((await laptop.mfa.unenroll({ factorId: enrolled.id })).error.code, "insufficient_aal")
assert.equal((await laptop.updateUser({ password: "another good one" })).error.code, "insufficient_aal")
good(await laptop.mfa.challengeAndVerify({ factorId: enrolled.id, code: code(enrolled.totp.secret, 1) }))

assert.equal(good(await laptop.mfa.unenroll({ factorId: enrolled.id })).id, enrolled.id)
good(await laptop.refreshSession())
assert.deepEqual(good(await laptop.mfa.listFactors()).all, [])
