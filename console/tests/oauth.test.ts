import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, challenge, place, random, request } from "../core/oauth.ts";

const ISSUER = "https://gw.example.com";
const PENDING = { state: "s-1", verifier: "v-1", back: "#/audit" };

test("the challenge is that of RFC 7636, appendix B", async () => {
  assert.equal(
    await challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  );
});

test("a request carries the state, the challenge and never the verifier", async () => {
  const server = {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/oauth/authorize`,
    token_endpoint: "",
    revocation_endpoint: "",
  };
  const url = new URL(await request(server, PENDING, "admin:read", ISSUER));
  assert.equal(url.origin + url.pathname, `${ISSUER}/oauth/authorize`);
  assert.deepEqual(
    [...url.searchParams.keys()],
    ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"],
  );
  assert.equal(url.searchParams.get("redirect_uri"), `${ISSUER}/console/callback`);
  assert.equal(url.searchParams.get("code_challenge_method"), "S256");
  assert.ok(!url.href.includes("v-1"));
});

test("a code is taken from the answer to one's own request, of one's own issuer, alone", () => {
  const good = { code: "c-1", state: "s-1", iss: ISSUER };
  const told = (change: Record<string, string>, pending: typeof PENDING | undefined = PENDING) =>
    answer(`?${new URLSearchParams({ ...good, ...change })}`, pending, ISSUER);
  assert.deepEqual(told({}), { code: "c-1" });
  assert.ok("refused" in told({ state: "other" }));
  assert.ok("refused" in told({ iss: "https://evil.example" }));
  assert.ok("refused" in answer(`?${new URLSearchParams(good)}`, undefined, ISSUER));
  assert.ok("refused" in answer("?code=c-1&state=s-1", PENDING, ISSUER));
  assert.ok("refused" in told({ code: "" }));
  assert.deepEqual(
    answer(`?${new URLSearchParams({ error: "access_denied", state: "s-1", iss: ISSUER })}`, PENDING, ISSUER),
    { refused: "Access was denied." },
  );
});

test("nobody is sent anywhere but to a place of the console", () => {
  assert.equal(place("#/audit?correlation=a-b"), "#/audit?correlation=a-b");
  for (const bad of ["", "//evil.example", "https://evil.example", "#javascript:x", '#/a"b', "/other"])
    assert.equal(place(bad), "#/", bad);
});

test("what is drawn at random has 256 bits and is another each time", () => {
  assert.match(random(), /^[\w-]{43}$/);
  assert.notEqual(random(), random());
});
