// An OpenID Connect provider with people, keys and a login page of its own: panva's oidc-provider on a real socket.
// Arguments: our callback's address, people as JSON {login: {claims}}. Prints the address of its issuer.
import { createServer } from "node:http"
import { exportJWK, generateKeyPair } from "jose"
import { Provider } from "oidc-provider"

const [callback, people] = [process.argv[2], JSON.parse(process.argv[3])]
const server = createServer()
await new Promise((ready) => server.listen(0, "127.0.0.1", ready))
const issuer = `http://127.0.0.1:${server.address().port}`

const keys = await Promise.all(
  ["RS256", "ES256"].map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true })
    return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: `key for ${alg}` }
  }),
)

const client = (id, more) => ({
  client_id: id,
  redirect_uris: [callback],
  response_types: ["code"],
  grant_types: ["authorization_code", "refresh_token"],
  ...more,
})
const provider = new Provider(issuer, {
  clients: [
    client("trulybot", { client_secret: "a secret: with / signs+", token_endpoint_auth_method: "client_secret_basic" }),
    client("trulybot-post", { client_secret: "another secret", token_endpoint_auth_method: "client_secret_post" }),
    client("somebody-else", { client_secret: "not ours" }),
  ],
  jwks: { keys },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "picture"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  ttl: { AccessToken: 600, IdToken: 600, Session: 600, Interaction: 600, Grant: 600, RefreshToken: 600 },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
})
provider.on("server_error", (_context, error) => console.error(error))
const answer = provider.callback()
server.on("request", (request, response) =>
  request.url.startsWith("/interaction/") ? interact(request, response) : answer(request, response),
)
console.log(issuer)

// Who are you, and may they know it: one form each.
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (request.method === "GET") {
    const asked = prompt.name === "login" ? `<label>Login <input name="login"></label>` : "May they know who you are?"
    response.setHeader("Content-Type", "text/html")
    response.end(`<!doctype html><html lang="en"><title>Acme ID</title><link rel="icon" href="data:,">
      <form method="post" action="${request.url}"><input type="hidden" name="prompt" value="${prompt.name}">${asked}
      <button>Continue</button> <button name="no" value="no">Cancel</button></form>`)
    return
  }
  let sent = ""
  for await (const part of request) sent += part
  const form = new URLSearchParams(sent)
  if (form.has("no")) {
    return provider.interactionFinished(request, response, { error: "access_denied" })
  }
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: form.get("login") } })
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  const consent = { grantId: await grant.save() }
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true })
}
