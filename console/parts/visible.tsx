// Texts and times as a person can safely read them.
import type { JSX } from "preact";
import { clock, pieces } from "../core/text.ts";

/** A text of others, as text: characters that would not be seen are named. */
export const Visible = ({ text }: { text: string }): JSX.Element => (
  <bdi>
    {pieces(text).map((piece, index) =>
      piece.unseen ? (
        <mark key={index} title="a character that is not seen">
          {piece.text}
        </mark>
      ) : (
        piece.text
      ),
    )}
  </bdi>
);

/** A value as JSON, every character of it visible. */
export const Json = ({ value }: { value: unknown }): JSX.Element => (
  <pre tabIndex={0}>
    <Visible text={JSON.stringify(value, null, 2) ?? "nothing"} />
  </pre>
);

/** An instant, seconds since 1970, on the reader's clock; in UTC for who asks. */
export function When({ at, none = "never" }: { at: number | null | undefined; none?: string }): JSX.Element {
  if (at === null || at === undefined) return <span class="quiet">{none}</span>;
  const instant = new Date(at * 1000).toISOString();
  return (
    <time dateTime={instant} title={instant}>
      {clock(at * 1000, Date.now())}
    </time>
  );
}

/** A word in a colour: what something is, or how it stands. */
export const Tag = ({ is, children }: { is: "good" | "warn" | "bad" | "plain"; children: string }): JSX.Element => (
  <span class={`tag ${is}`}>{children}</span>
);
