// The console: who is signed in, where they are, and the frame around every page.
import { type JSX, render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LOOK, WORK } from "./core/oauth.ts";
import { type Person, calls, manages, managesOwn, reads, readsOwn } from "./core/permission.ts";
import { type Place, parse, to } from "./core/place.ts";
import { api, ask } from "./gateway/api.ts";
import { watch } from "./gateway/entropy.ts";
import { SignedOut, resume, signIn, signOut, whenEnded } from "./gateway/session.ts";
import { Approvals } from "./pages/approvals.tsx";
import { Audit } from "./pages/audit.tsx";
import { Drift } from "./pages/drift.tsx";
import { Entropy } from "./pages/entropy.tsx";
import { Keys } from "./pages/keys.tsx";
import { Operator } from "./pages/operator.tsx";
import { Overview } from "./pages/overview.tsx";
import { Policies } from "./pages/policies.tsx";
import { Revoke } from "./pages/revoke.tsx";
import { Settings } from "./pages/settings.tsx";
import { Tools } from "./pages/tools.tsx";
import { Upstreams } from "./pages/upstreams.tsx";
import { Users } from "./pages/users.tsx";
import { Action } from "./parts/action.tsx";
import { News } from "./parts/news.tsx";
import { PersonContext } from "./parts/person.ts";
import { Problem, Waiting } from "./parts/shown.tsx";

type Page = {
  readonly page: string;
  readonly title: string;
  readonly may: (person: Person) => boolean;
  readonly show: (place: Place) => JSX.Element;
};

const PAGES: readonly Page[] = [
  { page: "overview", title: "Overview", may: reads, show: () => <Overview /> },
  {
    page: "tools",
    title: "Tools",
    may: (person) => person.scope.includes("tools:read"),
    show: (place) => <Tools chosen={place.id} />,
  },
  { page: "upstreams", title: "Upstreams", may: reads, show: (place) => <Upstreams chosen={place.id} /> },
  { page: "drift", title: "Drift", may: reads, show: (place) => <Drift chosen={place.id} /> },
  { page: "approvals", title: "Approvals", may: readsOwn, show: () => <Approvals /> },
  { page: "keys", title: "Keys", may: (person) => readsOwn(person) || managesOwn(person), show: () => <Keys /> },
  { page: "users", title: "Users", may: reads, show: () => <Users /> },
  { page: "policies", title: "Roles and policies", may: reads, show: (place) => <Policies chosen={place.id} /> },
  { page: "audit", title: "Audit", may: reads, show: (place) => <Audit query={place.query} /> },
  { page: "entropy", title: "Entropy", may: () => true, show: () => <Entropy /> },
  { page: "settings", title: "Settings", may: reads, show: () => <Settings /> },
  { page: "revoke", title: "Revoke", may: reads, show: () => <Revoke /> },
];

function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return parse(hash);
}

type Standing =
  | { readonly is: "starting" }
  | { readonly is: "out"; readonly why: string }
  | { readonly is: "broken"; readonly error: Error }
  | { readonly is: "in"; readonly person: Person };

async function arrive(): Promise<Standing> {
  try {
    if (!(await resume())) return { is: "out", why: "" };
    return { is: "in", person: await ask(api.GET("/auth/me")) };
  } catch (error) {
    if (error instanceof SignedOut) return { is: "out", why: error.message };
    return { is: "broken", error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function Console(): JSX.Element {
  const [standing, setStanding] = useState<Standing>({ is: "starting" });
  const place = usePlace();
  const begin = (): void => {
    setStanding({ is: "starting" });
    void arrive().then(setStanding);
  };
  useEffect(() => {
    whenEnded((why) => setStanding({ is: "out", why }));
    begin();
  }, []);
  if (place.page === "operator")
    return (
      <Outside wide>
        <Operator />
      </Outside>
    );
  switch (standing.is) {
    case "starting":
      return (
        <Outside>
          <h1>Console</h1>
          <Waiting what="the console" />
        </Outside>
      );
    case "broken":
      return (
        <Outside>
          <h1>Console</h1>
          <Problem error={standing.error} again={begin} />
        </Outside>
      );
    case "out":
      return (
        <Outside>
          <Welcome why={standing.why} />
        </Outside>
      );
    case "in":
      return (
        <PersonContext.Provider value={standing.person}>
          <Inside place={place} person={standing.person} left={(why) => setStanding({ is: "out", why })} />
        </PersonContext.Provider>
      );
  }
}

const Brand = (): JSX.Element => (
  <span class="brand">
    <img src="/pages/icon.svg" alt="" width="22" height="22" />
    MCP Secure Gateway
  </span>
);

/** The frame of what is seen without being signed in. */
const Outside = ({ children, wide }: { children: JSX.Element | JSX.Element[]; wide?: boolean }): JSX.Element => (
  <div class={wide ? "outside wide" : "outside"}>
    <header>
      <Brand />
    </header>
    <main>{children}</main>
    <News />
  </div>
);

function Welcome({ why }: { why: string }): JSX.Element {
  useEffect(() => void (document.title = "Sign in · Console"), []);
  return (
    <>
      <h1>Console</h1>
      {why !== "" && (
        <p class="notice warn" role="alert">
          {why}
        </p>
      )}
      <p>You sign in at the gateway itself, and allow the console to act for you, as far as your role lets you.</p>
      <div class="buttons">
        <Action label="Sign in" primary run={() => signIn(WORK)} />
        <Action label="Sign in to look only" run={() => signIn(LOOK)} />
      </div>
      <p class="quiet">
        Who looks only gets a token that changes nothing and calls no tool. The operator of the gateway looks at{" "}
        <a href={to("operator")}>all tenants</a> with the operator's token.
      </p>
    </>
  );
}

function Inside({ place, person, left }: { place: Place; person: Person; left: (why: string) => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const may = PAGES.filter((page) => page.may(person));
  const wanted = place.page === "" ? may[0]?.page : place.page;
  const page = may.find((one) => one.page === wanted);
  const title = page?.title ?? "Not here";
  const first = useRef(true);
  useEffect(() => watch(), []);
  useEffect(() => {
    document.title = `${title} · ${person.tenant} · Console`;
    setOpen(false);
    // Who moves on by keyboard or hears the page begins at the new one.
    if (!first.current) main.current?.querySelector("h1")?.focus();
    first.current = false;
  }, [title]);
  return (
    <div class="inside">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the page
      </a>
      <header>
        <Brand />
        <button type="button" class="menu" aria-expanded={open} aria-controls="pages" onClick={() => setOpen(!open)}>
          Menu
        </button>
        <nav id="pages" class={open ? "open" : undefined} aria-label="Pages">
          <ul>
            {may.map((one) => (
              <li key={one.page}>
                <a href={to(one.page)} aria-current={one === page ? "page" : undefined}>
                  {one.title}
                </a>
              </li>
            ))}
          </ul>
          <div class="who">
            <p>
              <strong>{person.username}</strong>
              <br />
              {person.role} of <strong>{person.tenant}</strong>
              {!manages(person) && reads(person) ? (
                <>
                  <br />
                  looks only
                </>
              ) : null}
            </p>
            <Action
              label="Sign out"
              run={async () => {
                await signOut().finally(() =>
                  left(
                    "You are signed out of the console. This browser may still be signed in to the gateway: that ends at /account.",
                  ),
                );
              }}
            />
          </div>
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <h1 tabIndex={-1}>{title}</h1>
        {page ? (
          page.show(place)
        ) : (
          <p class="empty">There is no such page, or your role ({person.role}) does not see it.</p>
        )}
        {!calls(person) && page?.page === "tools" && <p class="quiet">You may look at tools, and not call them.</p>}
      </main>
      <News />
    </div>
  );
}

const root = document.getElementById("console");
if (root !== null) render(<Console />, root);
