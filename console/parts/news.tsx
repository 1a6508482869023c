// What was just done, said once: to who sees it and to who hears it.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

const SHOWN_MS = 6000;

let say: (words: string) => void = () => {};

/** Says that something was done. */
export const tell = (words: string): void => say(words);

/** Where it is said. */
export function News(): JSX.Element {
  const [words, setWords] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    say = (told) => {
      clearTimeout(timer);
      setWords(told);
      timer = setTimeout(() => setWords(""), SHOWN_MS);
    };
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="news" role="status">
      {words !== "" && <p>{words}</p>}
    </div>
  );
}
