// oauth4webapi against the gateway: a library that checks everything an answer must be.
//
//   node strict.mjs '{"issuer":"http://127.0.0.1:8787","resource":"http://127.0.0.1:8787/mcp","robot":["id","secret"]}'
import * as oauth from "oauth4webapi";
import { tell, visit } from "./talk.mjs";

const { issuer, resource, robot } = JSON.parse(process.argv[2]);
const REDIRECT = "http://127.0.0.1:51998/callback";
// Loopback has no certificate.
const plain = { [oauth.allowInsecureRequests]: true };
const url = new URL(issuer);

const described = await oauth.processResourceDiscoveryResponse(
  new URL(resource),
  await oauth.resourceDiscoveryRequest(new URL(resource), plain),
);
if (described.authorization_servers[0] !== issuer) throw new Error("another authorization server");
const discover = async (algorithm) =>
  oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...plain }));
const as = await discover("oauth2");
if ((await discover("oidc")).token_endpoint !== as.token_endpoint) throw new Error("two descriptions differ");

/** Goes the whole way as a client that proves who it is in this way. */
async function whole(method) {
  const client = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(
      as,
      {
        client_name: `Strict ${method}`,
        redirect_uris: [REDIRECT],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: method,
      },
      plain,
    ),
  );
  const proof = {
    none: () => oauth.None(),
    client_secret_basic: () => oauth.ClientSecretBasic(client.client_secret),
    client_secret_post: () => oauth.ClientSecretPost(client.client_secret),
  }[method]();

  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const asked = new URL(as.authorization_endpoint);
  asked.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "tools:call tools:read",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    resource,
  });
  const arrived = oauth.validateAuthResponse(as, client, await visit(asked), state);
  const exchange = () =>
    oauth.authorizationCodeGrantRequest(as, client, proof, arrived, REDIRECT, verifier, {
      additionalParameters: { resource },
      ...plain,
    });
  const first = await oauth.processAuthorizationCodeResponse(as, client, await exchange());
  const claims = await accepted(first.access_token);
  const second = await oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, proof, first.refresh_token, {
      additionalParameters: { resource },
      ...plain,
    }),
  );
  const seen = await introspect(client, second.access_token, second.access_token);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, proof, second.refresh_token, plain));
  const over = await refusal(() => introspect(client, second.access_token, second.access_token));
  tell({ method, claims, seen, first, second, over });

  const refused = await oauth
    .refreshTokenGrantRequest(as, client, proof, second.refresh_token, plain)
    .then((answer) => refusal(() => oauth.processRefreshTokenResponse(as, client, answer)));
  const again = await exchange().then((answer) =>
    refusal(() => oauth.processAuthorizationCodeResponse(as, client, answer)),
  );
  tell({ refused, again });
}

/** The claims of an access token that is what RFC 9068 says, for this resource. */
async function accepted(token) {
  const request = new Request(resource, { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(as, request, resource, { ...plain });
}

/** What the gateway says of a token to who shows one. */
async function introspect(client, shown, token) {
  const show = (_as, _client, _body, headers) => headers.set("authorization", `Bearer ${shown}`);
  const answer = await oauth.introspectionRequest(as, client, show, token, plain);
  return oauth.processIntrospectionResponse(as, client, answer);
}

/** The code of a refusal, or the status of one that is a challenge. */
async function refusal(done) {
  try {
    await done();
    return null;
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return error.error;
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.cause[0].parameters.error;
    throw error;
  }
}

for (const method of ["none", "client_secret_basic", "client_secret_post"]) await whole(method);

const [id, secret] = robot;
const client = { client_id: id };
const answer = await oauth.clientCredentialsGrantRequest(
  as,
  client,
  oauth.ClientSecretBasic(secret),
  { resource, scope: "tools:read" },
  plain,
);
const own = await oauth.processClientCredentialsResponse(as, client, answer);
tell({ claims: await accepted(own.access_token), own });
process.exit(0);
