import { useEffect, useRef, useState } from "preact/hooks";
import type { InstanceRow } from "../model.js";
import { act } from "./connection.js";
import { count } from "./format.js";

/** An instance that is to be paused, or resumed where it is paused. */
export interface Question {
  readonly row: InstanceRow;
  /** Instances of its service that are listed now, and all there are. */
  readonly listed: number;
  readonly total: number;
}

/** Asks before anything is done, and says why it could not be done. */
export function Confirm({ question, onEnd }: { question: Question | undefined; onEnd: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  useEffect(() => {
    setError(undefined);
    setBusy(false);
    if (question) dialog.current?.showModal();
    else dialog.current?.close();
  }, [question]);

  const carryOut = async ({ row }: Question) => {
    setBusy(true);
    setError(undefined);
    try {
      await act(row.paused ? "resume" : "pause", row.service, row.address);
      onEnd();
    } catch (error) {
      setError((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" aria-describedby="confirm-text" onClose={onEnd}>
      {question && (
        <>
          <h2 id="confirm-title">
            {question.row.paused ? "Resume" : "Pause"} <span class="mono">{question.row.address}</span>?
          </h2>
          <p id="confirm-text">{consequence(question)}</p>
          {error !== undefined && (
            <p class="error" role="alert">
              Not done: {error}
            </p>
          )}
          <p class="buttons">
            <button type="button" class="plain" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="button" class="main" disabled={busy} onClick={() => void carryOut(question)}>
              {busy ? "Waiting for etcd…" : question.row.paused ? "Resume" : "Pause"}
            </button>
          </p>
        </>
      )}
    </dialog>
  );
}

function consequence({ row: { service, paused }, listed, total }: Question): string {
  if (paused) return `It is listed under ${service} again, and clients begin to call it.`;
  const left = listed - 1;
  const base = `It leaves the listing of ${service} and finishes the calls it has; its process goes on running.`;
  return left > 0
    ? `${base} ${left} of ${count(total, "instance")} stay listed.`
    : `${base} It is the last one listed: clients that are connected go on calling it, new ones wait.`;
}
