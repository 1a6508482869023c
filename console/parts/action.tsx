// Buttons that do something: that they work on it is seen, what went wrong is said, and what cannot be undone is asked first.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { TextField } from "./field.tsx";
import { tell } from "./news.tsx";
import { Problem } from "./shown.tsx";

type Question = {
  /** The question. */
  title: string;
  /** What follows from yes. */
  words: ComponentChildren;
  /** What must be typed before, where a click is too little. */
  typed?: string | undefined;
};

type Deed = {
  label: string;
  /** The name for who does not see what the button stands beside. */
  about?: string | undefined;
  run: () => Promise<unknown>;
  /** What is said when it is done. */
  done?: string | undefined;
  danger?: boolean | undefined;
  primary?: boolean | undefined;
  disabled?: boolean | undefined;
  confirm?: Question | undefined;
};

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** Runs one deed at a time, and keeps why the last one failed. */
function useDeed(
  run: () => Promise<unknown>,
  done: string | undefined,
): {
  busy: boolean;
  failed: Error | undefined;
  start: () => Promise<boolean>;
  forget: () => void;
} {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Error>();
  const start = async (): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setFailed(undefined);
    try {
      await run();
      if (done !== undefined) tell(done);
      return true;
    } catch (thrown) {
      setFailed(asError(thrown));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, failed, start, forget: () => setFailed(undefined) };
}

const looks = (danger: boolean | undefined, primary: boolean | undefined): string | undefined =>
  danger ? "danger" : primary ? "primary" : undefined;

/** A button that does something. */
export function Action(deed: Deed): JSX.Element {
  const { label, about, danger, primary, disabled, confirm } = deed;
  const [asked, setAsked] = useState(false);
  const { busy, failed, start } = useDeed(deed.run, deed.done);
  return (
    <>
      <button
        type="button"
        class={looks(danger, primary)}
        disabled={disabled || busy}
        aria-busy={busy}
        aria-label={about === undefined ? undefined : `${label} ${about}`}
        onClick={() => (confirm ? setAsked(true) : void start())}
      >
        {busy ? "Working…" : label}
      </button>
      {failed && <Problem error={failed} />}
      {asked && confirm && <Ask deed={deed} question={confirm} close={() => setAsked(false)} />}
    </>
  );
}

/** The question before a deed. It stays open while the deed is under way, and when it failed. */
function Ask({ deed, question, close }: { deed: Deed; question: Question; close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const { busy, failed, start } = useDeed(deed.run, deed.done);
  const named = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const missing = question.typed !== undefined && typed !== question.typed;
  const go = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!missing && (await start())) close();
  };
  return (
    <dialog ref={dialog} aria-labelledby={named} onClose={close} onCancel={(event) => busy && event.preventDefault()}>
      <form onSubmit={go}>
        <h2 id={named}>{question.title}</h2>
        <div>{question.words}</div>
        {question.typed !== undefined && (
          <TextField label={`Type ${question.typed} to go on`} spellcheck={false} value={typed} set={setTyped} />
        )}
        {failed && <Problem error={failed} />}
        <div class="buttons">
          <button type="button" disabled={busy} onClick={close}>
            Cancel
          </button>
          <button type="submit" class={deed.danger ? "danger" : "primary"} disabled={missing || busy} aria-busy={busy}>
            {busy ? "Working…" : deed.label}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** A form whose button does something. */
export function Form({
  label,
  run,
  done,
  danger,
  disabled,
  children,
}: {
  label: string;
  run: () => Promise<unknown>;
  done?: string | undefined;
  danger?: boolean;
  disabled?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  const { busy, failed, start } = useDeed(run, done);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      {children}
      {failed && <Problem error={failed} />}
      <div class="buttons">
        <button type="submit" class={danger ? "danger" : "primary"} disabled={disabled || busy} aria-busy={busy}>
          {busy ? "Working…" : label}
        </button>
      </div>
    </form>
  );
}
