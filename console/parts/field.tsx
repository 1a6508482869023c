// Fields of forms: each with its label, and a hint below it.
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** A field of any kind. */
export function Field({
  label,
  hint,
  children,
}: {
  label: string;
  hint?: ComponentChildren;
  children: (id: string, hint: string | undefined) => ComponentChildren;
}): JSX.Element {
  const id = useId();
  const described = hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, described)}
      {hint !== undefined && (
        <p class="quiet" id={described}>
          {hint}
        </p>
      )}
    </div>
  );
}

type Text = {
  label: string;
  hint?: ComponentChildren;
  value: string;
  set: (value: string) => void;
};

/** A line that is typed. Browsers fill in nothing: what is typed here is no address and no password of the person's. */
export function TextField({
  label,
  hint,
  value,
  set,
  ...rest
}: Text & { type?: "password" | "search" | "url"; maxLength?: number; spellcheck?: boolean }): JSX.Element {
  return (
    <Field label={label} hint={hint}>
      {(id, described) => (
        <input
          // The library's types tell the kinds of inputs apart by what this is handed on.
          {...(rest as object)}
          id={id}
          aria-describedby={described}
          autoComplete="off"
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Several lines that are typed. */
export function TextArea({ label, hint, rows, value, set }: Text & { rows: number }): JSX.Element {
  return (
    <Field label={label} hint={hint}>
      {(id, described) => (
        <textarea
          id={id}
          aria-describedby={described}
          rows={rows}
          spellcheck={false}
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
