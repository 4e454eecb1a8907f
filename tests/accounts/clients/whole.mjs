// Codes, links, changes and administration with @supabase/auth-js. Arguments: address, {email, password}, admin key.
import assert from "node:assert/strict"
import { AuthClient, GoTrueAdminApi } from "@supabase/auth-js"

const [url, form, key] = [process.argv[2], JSON.parse(process.argv[3]), process.argv[4]]
const people = (options) => new AuthClient({ url, autoRefreshToken: false, storage: memory(), ...options })
const admin = new GoTrueAdminApi({ url, headers: { apikey: key, Authorization: `Bearer ${key}` } })
const fresh = (name) => `${name}-${form.email}`

function memory() {
  const kept = new Map()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

function good({ data, error }) {
  assert.equal(error, null)
  return data
}

// Sign-up waits for its confirmation.
const waiting = good(await people().signUp(form))
assert.deepEqual([waiting.session, waiting.user.identities], [null, []])
assert.equal((await people().signInWithPassword(form)).error.code, "email_not_confirmed")
assert.equal(good(await people().signUp({ ...form, email: fresh("again") })).session, null)

// An administrator makes links for mails of their own; codes and links let in once.
const links = async (fields) => good(await admin.generateLink(fields)).properties
const first = await links({ type: "signup", email: form.email, password: form.password })
const ana = people()
assert.equal(good(await ana.verifyOtp({ type: "signup", email: form.email, token: first.email_otp })).user.email, form.email)
assert.equal((await people().verifyOtp({ type: "signup", token_hash: first.hashed_token })).error.code, "otp_expired")
const magic = await links({ type: "magiclink", email: form.email })
assert.equal(magic.verification_type, "magiclink")
good(await people().verifyOtp({ type: "magiclink", token_hash: magic.hashed_token }))

// The same answers for whoever exists and whoever does not.
for (const email of [form.email, fresh("nobody")]) {
  good(await people().resetPasswordForEmail(email, { redirectTo: "https://evil.example" }))
  good(await people().signInWithOtp({ email, options: { shouldCreateUser: false } }))
  good(await people().resend({ type: "email_change", email }))
}
const soon = (await people().resetPasswordForEmail(form.email)).error
assert.deepEqual([soon.status, soon.code], [429, "over_email_send_rate_limit"])

// Links in a browser, without PKCE: the session stands behind the #.
const recovery = await links({ type: "recovery", email: form.email })
const led = await fetch(`${url}/verify?${recovery.action_link.split("?")[1]}`, { redirect: "manual" })
const fragment = new URLSearchParams(new URL(led.headers.get("location")).hash.slice(1))
assert.deepEqual([led.status, fragment.get("type"), fragment.get("token_type")], [303, "recovery", "bearer"])
const bo = people()
good(await bo.setSession({ access_token: fragment.get("access_token"), refresh_token: fragment.get("refresh_token") }))
good(await bo.updateUser({ password: "another good one" }))
assert.equal((await ana.getUser()).error.name, "AuthSessionMissingError")
good(await ana.signInWithPassword({ ...form, password: "another good one" }))
good(await ana.reauthenticate())

// An email changes when both addresses have confirmed.
const moved = fresh("moved")
assert.equal(good(await ana.updateUser({ email: moved })).user.new_email, moved)
for (const type of ["email_change_current", "email_change_new"]) {
  const link = await links({ type, email: form.email, newEmail: moved })
  good(await people().verifyOtp({ type: "email_change", token_hash: link.hashed_token }))
}
assert.equal(good(await ana.getUser()).user.email, moved)

// Somebody anonymous.
const anonymous = people()
assert.equal(good(await anonymous.signInAnonymously()).user.is_anonymous, true)
assert.equal((await anonymous.updateUser({ password: "another good one" })).error.code, "validation_failed")

// Twenty refreshes at once leave one chain.
const { refresh_token } = good(await ana.refreshSession()).session
const chains = await Promise.all(Array.from({ length: 20 }, () => people().refreshSession({ refresh_token })))
const after = new Set(chains.map((chain) => good(chain).session.refresh_token))
assert.equal(after.size, 1)
good(await people().refreshSession({ refresh_token: [...after][0] }))

// Administration.
const made = good(await admin.createUser({ email: fresh("made"), password: form.password, email_confirm: true })).user
assert.equal(good(await admin.getUserById(made.id)).user.email, made.email)
assert.deepEqual(good(await admin.updateUserById(made.id, { user_metadata: { a: 1 } })).user.user_metadata, { a: 1 })
const page = good(await admin.listUsers({ page: 1, perPage: 2 }))
assert.deepEqual([page.users.length, page.nextPage, page.users[0].id], [2, 2, made.id])
assert.ok(page.total >= 3 && page.lastPage >= 2)
assert.ok(good(await admin.inviteUserByEmail(fresh("invited"))).user.invited_at)
good(await admin.deleteUser(made.id))
assert.equal((await admin.getUserById(made.id)).error.code, "user_not_found")
const ordinary = new GoTrueAdminApi({ url, headers: { Authorization: `Bearer ${good(await ana.getSession()).session.access_token}` } })
assert.equal((await ordinary.listUsers()).error.code, "not_admin")

// What is not offered.
assert.equal((await people().signInWithSSO({ domain: "example.com" })).error.code, "saml_provider_disabled")

console.log("all good")
