// Providers with @supabase/auth-js. Arguments: address of the API, where to be led back to, an ID token.
// Prints each address that a browser is to open, and reads where it ended.
import assert from "node:assert/strict"
import { createInterface } from "node:readline"
import { AuthClient } from "@supabase/auth-js"

const [url, redirectTo, idToken] = process.argv.slice(2)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const people = (options) => new AuthClient({ url, autoRefreshToken: false, storage: memory(), flowType: "pkce", ...options })

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

async function opens(address, login) {
  console.log(`${login} ${address}`)
  return new URL((await lines.next()).value)
}

const ana = people()
const begun = good(await ana.signInWithOAuth({ provider: "keycloak", options: { redirectTo, skipBrowserRedirect: true } }))
const back = await opens(begun.url, "p10")
assert.equal(`${back.origin}${back.pathname}`, redirectTo)
const { session, user } = good(await ana.exchangeCodeForSession(back.searchParams.get("code")))
assert.equal(user.email, "p10@firm.example")
assert.ok(session.provider_token)
assert.equal((await ana.exchangeCodeForSession(back.searchParams.get("code"))).error.name, "AuthPKCECodeVerifierMissingError")

assert.deepEqual(good(await ana.getUserIdentities()).identities.map(({ provider }) => provider), ["keycloak"])
assert.equal((await ana.unlinkIdentity(user.identities[0])).error.code, "single_identity_not_deletable")

const ben = people()
const made = good(await ben.signUp({ email: `${Date.now()}@example.com`, password: "correct horse battery" }))
const linking = good(await ben.linkIdentity({ provider: "keycloak", options: { redirectTo, skipBrowserRedirect: true } }))
const linked = await opens(linking.url, "p11")
good(await ben.exchangeCodeForSession(linked.searchParams.get("code")))
const { identities } = good(await ben.getUserIdentities())
assert.deepEqual(identities.map(({ provider }) => provider), ["email", "keycloak"])
assert.equal(good(await ben.getUser()).user.id, made.user.id)
assert.equal((await ben.unlinkIdentity(identities[1])).error, null)
assert.equal(good(await ben.getUserIdentities()).identities.length, 1)

const taken = good(await ben.linkIdentity({ provider: "keycloak", options: { redirectTo, skipBrowserRedirect: true } }))
assert.equal((await opens(taken.url, "p10")).searchParams.get("error_code"), "identity_already_exists")

const cleo = people({ flowType: "implicit" })
const signedIn = good(await cleo.signInWithIdToken({ provider: "acme", token: idToken }))
assert.equal(signedIn.user.app_metadata.provider, "acme")
assert.equal((await cleo.signInWithIdToken({ provider: "acme", token: "a.b.c" })).error.code, "bad_jwt")
assert.equal((await cleo.signInWithIdToken({ provider: "google", token: idToken })).error.code, "provider_disabled")

const implicit = good(await cleo.signInWithOAuth({ provider: "keycloak", options: { redirectTo, skipBrowserRedirect: true } }))
const ended = new URLSearchParams((await opens(implicit.url, "p12")).hash.slice(1))
good(await cleo.setSession({ access_token: ended.get("access_token"), refresh_token: ended.get("refresh_token") }))
assert.equal(good(await cleo.getUser()).user.email, "p12@firm.example")

console.log("all good")
process.exit(0)
