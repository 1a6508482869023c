// What a page asks for: whether it is there, on its way, or could not be had; asked again now and then while somebody looks.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** Something that was asked for. What was there before stays while it is asked for again, and when that fails. */
export type Loaded<T> = {
  readonly value: T | undefined;
  readonly failed: Error | undefined;
  readonly busy: boolean;
  /** When what is there came. */
  readonly at: number | undefined;
  readonly again: () => Promise<void>;
};

type State<T> = Omit<Loaded<T>, "again">;

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** Asks, again whenever `about` changes, and every so many milliseconds as long as the page is looked at. */
export function useLoad<T>(load: () => Promise<T>, about: readonly unknown[], every?: number): Loaded<T> {
  const [state, setState] = useState<State<T>>({ value: undefined, failed: undefined, busy: true, at: undefined });
  const latest = useRef(0);
  const again = useCallback(async () => {
    const own = ++latest.current;
    setState((before) => ({ ...before, busy: true }));
    try {
      const value = await load();
      // An answer that was overtaken by another question is of no interest.
      if (own === latest.current) setState({ value, failed: undefined, busy: false, at: Date.now() });
    } catch (thrown) {
      if (own === latest.current) setState((before) => ({ ...before, failed: asError(thrown), busy: false }));
    }
  }, about);
  useEffect(() => {
    setState({ value: undefined, failed: undefined, busy: true, at: undefined });
    void again();
    return () => void latest.current++;
  }, [again]);
  useEffect(() => {
    if (every === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void again();
    }, every);
    return () => clearInterval(timer);
  }, [again, every]);
  return { ...state, again };
}

/** Things of a list, a page at a time. */
export type Listed<T> = Loaded<T[]> & { readonly more: (() => Promise<void>) | undefined };

type Page<T> = { readonly items: T[]; readonly next?: string | number | null | undefined };

/** Asks for the first page of a list, and for another whenever that is wanted. */
export function useList<T>(
  load: (cursor: string | undefined) => Promise<Page<T>>,
  about: readonly unknown[],
): Listed<T> {
  const first = useLoad(() => load(undefined), about);
  const [rest, setRest] = useState<{
    of: unknown;
    items: T[];
    next: Page<T>["next"];
    failed: Error | undefined;
    busy: boolean;
  }>();
  const own = rest !== undefined && rest.of === first.value ? rest : undefined;
  const next = own === undefined ? first.value?.next : own.next;
  const more = async (): Promise<void> => {
    const items = own?.items ?? [];
    const of = first.value;
    setRest({ of, items, next, failed: undefined, busy: true });
    try {
      const page = await load(String(next));
      setRest({ of, items: [...items, ...page.items], next: page.next, failed: undefined, busy: false });
    } catch (thrown) {
      setRest({ of, items, next, failed: asError(thrown), busy: false });
    }
  };
  return {
    ...first,
    value: first.value && [...first.value.items, ...(own?.items ?? [])],
    failed: first.failed ?? own?.failed,
    busy: first.busy || own?.busy === true,
    more: next === undefined || next === null ? undefined : more,
  };
}
