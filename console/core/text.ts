// Texts of others, made fit to be read: what an upstream says of its tools is data here and never markup, and a character that
// shows nothing, or turns the direction of what follows, is named instead.

/** A piece of a text: as it is, or the name of a character that would not be seen. */
export type Piece = { readonly text: string; readonly unseen: boolean };

// Control and format characters, surrogates, private and unassigned ones, what is ignored by default, separators of lines and
// paragraphs, the blank of Braille, and every space but the usual one. Line breaks and tabs are kept.
const UNSEEN = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/** The name of a character, as Unicode writes it. */
const named = (letter: string): string =>
  `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/** A text in pieces, with every character of it to be seen. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), unseen: false });
    found.push({ text: named(match[0]), unseen: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), unseen: false });
  return found;
}

/** The same as one text, for where there is no markup: the names stand in angle brackets. */
export const visible = (text: string): string =>
  pieces(text)
    .map((piece) => (piece.unseen ? `⟨${piece.text}⟩` : piece.text))
    .join("");

/** A number with its noun. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;

/** A share of one, in per cent: never 0 % of something, never 100 % of not all. */
export function share(part: number, whole: number): string {
  if (whole === 0 || part === 0) return "0 %";
  if (part === whole) return "100 %";
  return `${Math.min(99, Math.max(1, Math.round((part / whole) * 100)))} %`;
}

/** A time that passed, in the unit it is read in. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** An instant on the reader's clock: the time alone when it is of the same day. */
export function clock(at: number, now: number): string {
  const moment = new Date(at);
  const time = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (moment.toDateString() === new Date(now).toDateString()) return time;
  return `${moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/** What somebody typed into a field of several values: one a line, or with commas. Empty for none. */
export const listed = (typed: string): string[] =>
  typed
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
