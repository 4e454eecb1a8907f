// A person's life with @supabase/auth-js. Arguments: address of the API, {email, password} as JSON.
import assert from "node:assert/strict"
import { AuthClient } from "@supabase/auth-js"

const [url, form] = [process.argv[2], JSON.parse(process.argv[3])]
const people = (options) => new AuthClient({ url, autoRefreshToken: false, storage: memory(), ...options })

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

const asked = []
const ana = people({ fetch: (...call) => (asked.push(String(call[0])), fetch(...call)) })
const made = good(await ana.signUp({ ...form, options: { data: { workspace_name: "Acme" } } }))
assert.equal(made.user.user_metadata.workspace_name, "Acme")
assert.equal(made.user.identities.length, 1)
assert.equal((await people().signUp(form)).error.code, "user_already_exists")

const wrong = (await people().signInWithPassword({ ...form, password: "a wrong password" })).error
assert.deepEqual([wrong.status, wrong.code, wrong.message], [400, "invalid_credentials", "Invalid login credentials"])
const weak = (await people().signUp({ email: `weak-${form.email}`, password: "short" })).error
assert.deepEqual([weak.name, weak.reasons], ["AuthWeakPasswordError", ["length"]])
assert.equal((await people().signInAnonymously()).error.code, "anonymous_provider_disabled")

assert.equal(good(await ana.getUser()).user.id, made.user.id)
const changed = good(await ana.updateUser({ data: { name: "Ana", workspace_name: null } })).user
assert.deepEqual(changed.user_metadata, { name: "Ana" })

// The key is fetched once and the token checked here: no GET /user.
asked.length = 0
const { claims, header } = good(await ana.getClaims())
assert.deepEqual([claims.sub, claims.aal, header.alg], [made.user.id, "aal1", "ES256"])
assert.deepEqual(asked, [`${url}/.well-known/jwks.json`])

const refreshed = good(await ana.refreshSession()).session
assert.notEqual(refreshed.refresh_token, made.session.refresh_token)
assert.equal((await people().refreshSession({ refresh_token: "abcdefghijkl" })).error.code, "refresh_token_not_found")

const elsewhere = people()
good(await elsewhere.signInWithPassword(form))
assert.equal((await ana.signOut({ scope: "others" })).error, null)
assert.equal((await elsewhere.getUser()).error.name, "AuthSessionMissingError")
assert.equal(good(await ana.getUser()).user.id, made.user.id)

assert.equal((await ana.updateUser({ password: form.password })).error.code, "same_password")
good(await ana.updateUser({ password: "another good one" }))
assert.equal((await ana.signOut()).error, null)
assert.equal((await ana.getSession()).data.session, null)
assert.equal((await people().getUser(refreshed.access_token)).error.name, "AuthSessionMissingError")
good(await people().signInWithPassword({ ...form, password: "another good one" }))

console.log("all good")
