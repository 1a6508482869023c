// Who is signed in, in this tab. The access token is in memory alone. The refresh token is in the tab's session storage, so that
// a page that is loaded again goes on; it ends with the tab, works once, and its session ends when an old one comes back.
import * as oauth from "../core/oauth.ts";

const KEPT = "console.session";
const PENDING = "console.pending";
/** An access token is renewed so long before it ends. */
const EARLY_MS = 30_000;

type Kept = { readonly tab: string; readonly refresh: string };
type Access = { readonly token: string; readonly until: number };

let access: Access | undefined;
let renewing: Promise<string> | undefined;
let described: Promise<oauth.Server> | undefined;
let ended: (why: string) => void = () => {};

/** The session is over, or there is none. */
export class SignedOut extends Error {}

/** Says who is to be told when the session ends by itself. */
export function whenEnded(tell: (why: string) => void): void {
  ended = tell;
}

const read = <T>(name: string): T | undefined => {
  const text = sessionStorage.getItem(name);
  return text === null ? undefined : (JSON.parse(text) as T);
};

function forget(): void {
  access = undefined;
  sessionStorage.removeItem(KEPT);
}

/** The authorization server: this very gateway, or an error that says where it is. */
function server(): Promise<oauth.Server> {
  described ??= describe().catch((error) => {
    described = undefined;
    throw error;
  });
  return described;
}

async function describe(): Promise<oauth.Server> {
  const answer = await fetch("/.well-known/oauth-authorization-server");
  if (!answer.ok) throw new Error(`The gateway does not describe itself: status ${answer.status}.`);
  const found = (await answer.json()) as oauth.Server;
  if (found.issuer !== location.origin)
    throw new Error(`This gateway is at ${found.issuer}. Open the console there: ${found.issuer}/console`);
  return found;
}

/** Goes to the gateway's sign-in page, and back here afterwards. */
export async function signIn(scope: string): Promise<void> {
  const pending: oauth.Pending = { state: oauth.random(), verifier: oauth.random(), back: oauth.place(location.hash) };
  const to = await oauth.request(await server(), pending, scope, location.origin);
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  location.assign(to);
}

/** Takes up what there is: an answer to a sign-in, or the session of this tab. Whether somebody is signed in. */
export async function resume(): Promise<boolean> {
  if (location.pathname === oauth.CALLBACK) return finish(location.search);
  const kept = read<Kept>(KEPT);
  if (kept === undefined) return false;
  if (!(await isAlone(kept.tab))) {
    // A tab that was duplicated has a copy of the other's token, which works once: it is the other's.
    forget();
    return false;
  }
  try {
    await renew();
    return true;
  } catch (error) {
    if (error instanceof SignedOut) return false;
    throw error;
  }
}

async function finish(query: string): Promise<boolean> {
  const pending = read<oauth.Pending>(PENDING);
  sessionStorage.removeItem(PENDING);
  // The code is taken out of the address before anything else happens: it is in no history.
  history.replaceState(null, "", `/console${oauth.place(pending?.back ?? "")}`);
  const { issuer } = await server();
  const answer = oauth.answer(query, pending, issuer);
  if ("refused" in answer) throw new SignedOut(answer.refused);
  const tab = oauth.random();
  await isAlone(tab);
  await redeem(tab, {
    grant_type: "authorization_code",
    code: answer.code,
    redirect_uri: location.origin + oauth.CALLBACK,
    code_verifier: pending?.verifier ?? "",
  });
  return true;
}

/** Whether no other tab has this session; the lock is held as long as this page is there. */
function isAlone(tab: string): Promise<boolean> {
  return new Promise((resolve) => {
    const patience = AbortSignal.timeout(1500);
    const held = (): Promise<never> => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(`console ${tab}`, { signal: patience }, held).catch(() => resolve(false));
  });
}

/** Fetches tokens. A refusal ends the session; anything else, such as a network that is away, leaves it. */
async function redeem(tab: string, form: Record<string, string>): Promise<string> {
  const { token_endpoint } = await server();
  const answer = await fetch(token_endpoint, {
    method: "POST",
    body: new URLSearchParams({ ...form, client_id: oauth.CLIENT }),
  });
  if (answer.status === 400 || answer.status === 401) {
    forget();
    throw new SignedOut("Your session is over: it was ended, or it has expired.");
  }
  if (!answer.ok) throw new Error(`The gateway gives no token now: status ${answer.status}.`);
  const told = (await answer.json()) as { access_token: string; refresh_token: string; expires_in: number };
  access = { token: told.access_token, until: Date.now() + told.expires_in * 1000 - EARLY_MS };
  sessionStorage.setItem(KEPT, JSON.stringify({ tab, refresh: told.refresh_token } satisfies Kept));
  return told.access_token;
}

/** A new access token. Whoever asks meanwhile waits for the same one. */
function renew(): Promise<string> {
  const kept = read<Kept>(KEPT);
  if (kept === undefined) return Promise.reject(new SignedOut("You are signed out."));
  const form = { grant_type: "refresh_token", refresh_token: kept.refresh };
  renewing ??= redeem(kept.tab, form).finally(() => (renewing = undefined));
  return renewing;
}

/** The access token to send now. */
async function token(): Promise<string> {
  if (access !== undefined && Date.now() < access.until) return access.token;
  return renew();
}

async function sent(request: Request, credential: string): Promise<Response> {
  const copy = new Request(request, { credentials: "omit", cache: "no-store", redirect: "error" });
  copy.headers.set("authorization", `Bearer ${credential}`);
  return fetch(copy);
}

/** Sends a request as the person. One whose token is refused is sent once more with another, and then the session is over. */
export async function send(request: Request): Promise<Response> {
  const again = request.clone();
  try {
    const answer = await sent(request, await token());
    if (answer.status !== 401) return answer;
    access = undefined;
    const second = await sent(again, await token());
    if (second.status !== 401) return second;
    forget();
    throw new SignedOut("Your session is over: it was revoked.");
  } catch (error) {
    if (error instanceof SignedOut) ended(error.message);
    throw error;
  }
}

/** Forgets a session that the gateway has ended: a request of the same second might still be served. */
export function over(why: string): void {
  forget();
  ended(why);
}

/** Ends the session at the gateway, and forgets it here whatever comes of that. */
export async function signOut(): Promise<void> {
  const kept = read<Kept>(KEPT);
  forget();
  if (kept === undefined) return;
  const { revocation_endpoint } = await server();
  const body = new URLSearchParams({ token: kept.refresh, client_id: oauth.CLIENT });
  const answer = await fetch(revocation_endpoint, { method: "POST", body });
  if (!answer.ok) throw new Error(`The gateway did not end the session: status ${answer.status}. End it at /account.`);
}
