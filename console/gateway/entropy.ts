// What this page saw of the gateway's entropy since it was opened: nobody keeps it for longer.
import { useEffect, useState } from "preact/hooks";
import { type Schemas, askWith } from "./api.ts";

/** One look: when, and what was said. */
export type Look = { readonly at: number; readonly health: Schemas["Health"] };

const EVERY_MS = 30_000;
/** Four hours. */
const MOST = 480;

let looks: readonly Look[] = [];
let failed: Error | undefined;
const listeners = new Set<() => void>();

async function look(): Promise<void> {
  try {
    const health = await askWith<Schemas["Health"]>("/health");
    looks = [...looks, { at: Date.now(), health }].slice(-MOST);
    failed = undefined;
  } catch (error) {
    failed = error instanceof Error ? error : new Error(String(error));
  }
  for (const listener of listeners) listener();
}

/** Begins to look, now and every half minute while the page is seen. */
export function watch(): () => void {
  void look();
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") void look();
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Everything that was seen, and how to look once more. */
export function useLooks(): { looks: readonly Look[]; failed: Error | undefined; again: () => Promise<void> } {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = (): void => draw((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return { looks, failed, again: look };
}
