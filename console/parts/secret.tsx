// A secret that is shown this once.
import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** The secret, and a button that copies it. It is gone when the page is left. */
export function Secret({
  what,
  secret,
  note,
  close,
}: {
  what: string;
  secret: string;
  note: string;
  close: () => void;
}): JSX.Element {
  const [copied, setCopied] = useState("");
  const copy = async (): Promise<void> => {
    const worked = await navigator.clipboard.writeText(secret).then(
      () => true,
      () => false,
    );
    setCopied(worked ? "Copied." : "It could not be copied: select it by hand.");
  };
  return (
    <section class="notice good secret" aria-label={what}>
      <h2>{what}</h2>
      <p>It is shown this once. {note}</p>
      <p>
        <code class="whole">{secret}</code>
      </p>
      <div class="buttons">
        <button type="button" class="primary" onClick={copy}>
          Copy
        </button>
        <button type="button" onClick={close}>
          I have it
        </button>
        <span role="status">{copied}</span>
      </div>
    </section>
  );
}
