// A real OpenID provider for the tests. It prints its URL, and takes orders:
// POST /orders/rotate gives it a new key, POST /orders/people?site=URL lets people of that site sign in, to our
// pages, or to an OHIF that lies at its top.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import Provider from "oidc-provider";

const AUDIENCE = "https://pacs.example";
const ROLES = { reader: ["reader"], admin: ["admin"], nobody: [] };

let key = newKey();
let site = "http://127.0.0.1:1";
let provider;

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

function configuration() {
  return {
    jwks: { keys: [key] },
    cookies: { keys: ["of the tests"] },
    clients: [
      {
        client_id: "pacs",
        client_secret: "of-the-tests",
        redirect_uris: [`${site}/sign-in/callback`],
        post_logout_redirect_uris: [`${site}/sign-in`],
      },
      {
        client_id: "robot",
        client_secret: "of-the-robot",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: "ohif",
        token_endpoint_auth_method: "none",
        redirect_uris: [`${site}/callback`],
      },
    ],
    clientBasedCORS: () => true,
    pkce: { required: () => true },
    scopes: ["openid", "profile", "reader", "writer"],
    claims: { openid: ["sub"], profile: ["preferred_username", "roles"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, roles: ROLES[id] ?? ["reader"] }),
    }),
    extraTokenClaims: (_, token) => ({ roles: token.kind === "ClientCredentials" ? [token.scope] : ["reader"] }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => (ctx.oidc.client.clientId === "pacs" ? undefined : AUDIENCE),
        useGrantedResource: () => true,
        getResourceServerInfo: (_, audience) => ({
          audience,
          scope: "reader writer",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  };
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (!url.pathname.startsWith("/orders/")) return provider.callback()(request, response);
  if (url.pathname.endsWith("/rotate")) key = newKey();
  site = url.searchParams.get("site") ?? site;
  begin();
  response.end();
});

function begin() {
  provider = new Provider(`http://127.0.0.1:${server.address().port}`, configuration());
}

server.listen(Number(process.env.PORT), "127.0.0.1", () => {
  begin();
  console.log(`OpenID provider at http://127.0.0.1:${server.address().port}`);
});
