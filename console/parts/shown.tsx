// What was asked for, in every state it can be in.
import type { ComponentChildren, JSX } from "preact";
import { to } from "../core/place.ts";
import { clock } from "../core/text.ts";
import { Refused } from "../gateway/api.ts";
import type { Listed, Loaded } from "./loading.ts";
import { Visible } from "./visible.tsx";

/** Why something could not be done, with the id under which the gateway's log and audit trail know it. */
export function Problem({ error, again }: { error: Error; again?: (() => void) | undefined }): JSX.Element {
  const correlation = error instanceof Refused ? error.correlation : undefined;
  const errors = error instanceof Refused ? error.errors : [];
  const offline = error instanceof TypeError;
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>
          {error instanceof Refused ? error.title : offline ? "The gateway cannot be reached" : "That did not work"}
        </strong>
        {": "}
        <Visible text={offline ? "check the network, then try again." : error.message} />
      </p>
      {errors.length > 0 && (
        <ul>
          {errors.map(({ pointer, detail }) => (
            <li key={pointer}>
              <code>{pointer === "" ? "/" : pointer}</code> <Visible text={detail} />
            </li>
          ))}
        </ul>
      )}
      {correlation !== undefined && (
        <p class="quiet">
          Correlation id{" "}
          <a href={to("audit", undefined, { correlation })}>
            <code>{correlation}</code>
          </a>
        </p>
      )}
      {again && (
        <p>
          <button type="button" onClick={again}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

/** Words in place of a list that has nothing in it. */
export const Empty = ({ children }: { children: ComponentChildren }): JSX.Element => <p class="empty">{children}</p>;

/** Lines where something will be. */
export const Waiting = ({ what }: { what: string }): JSX.Element => (
  <div class="waiting" role="status">
    <span class="unseen">Loading {what}…</span>
    <i aria-hidden="true" />
    <i aria-hidden="true" />
    <i aria-hidden="true" />
  </div>
);

type Shown<T> = {
  of: Loaded<T>;
  /** What it is, in words: "the keys". */
  what: string;
  /** What stands there when there is nothing. */
  none?: ComponentChildren;
  isNone?: (value: T) => boolean;
  children: (value: T) => ComponentChildren;
};

/** What was asked for; that it is on its way; that there is none; or why it cannot be had. */
export function Shown<T>({ of, what, none, isNone, children }: Shown<T>): JSX.Element {
  const { value, failed, at } = of;
  if (value === undefined) return failed ? <Problem error={failed} again={of.again} /> : <Waiting what={what} />;
  const nothing = isNone ? isNone(value) : Array.isArray(value) && value.length === 0;
  return (
    <>
      {failed && (
        <>
          <Problem error={failed} again={of.again} />
          {at !== undefined && <p class="quiet">This is what was there at {clock(at, Date.now())}.</p>}
        </>
      )}
      {nothing && none !== undefined ? <Empty>{none}</Empty> : children(value)}
    </>
  );
}

/** The way to the rest of a list. */
export const More = ({ of }: { of: Listed<unknown> }): JSX.Element | null =>
  of.more === undefined ? null : (
    <p class="more">
      <button type="button" disabled={of.busy} onClick={of.more}>
        {of.busy ? "Loading…" : "Show more"}
      </button>
    </p>
  );
