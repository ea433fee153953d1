import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { InstanceRow } from "../model.js";
import { act } from "./connection.js";
import { count } from "./format.js";

/** Instances of the same service, itself included: those that are listed, and all there are. */
export interface Siblings {
  readonly listed: number;
  readonly total: number;
}

/**
 * Asks before an instance is paused, or resumed where it is paused, and says why that could not be done.
 * @param row undefined while nothing is asked.
 */
export function Confirm(props: { row: InstanceRow | undefined; siblings: Siblings; onEnd: () => void }) {
  const { row, siblings, onEnd } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  useLayoutEffect(() => {
    setError(undefined);
    setBusy(false);
    if (row) dialog.current?.showModal();
    else dialog.current?.close();
  }, [row]);

  const carryOut = async ({ paused, service, address }: InstanceRow) => {
    setBusy(true);
    setError(undefined);
    try {
      await act(paused ? "resume" : "pause", service, address);
      onEnd();
    } catch (error) {
      setError((error as Error).message);
      setBusy(false);
    }
  };
  // A browser tells of the end some time later, and the next key may come before: what is asked then is not ended by that.
  const onClose = () => dialog.current?.open || onEnd();
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onCancel={onEnd}
      onClose={onClose}
    >
      {row && (
        <>
          <h2 id="confirm-title">
            {row.paused ? "Resume" : "Pause"} <span class="mono">{row.address}</span>?
          </h2>
          <p id="confirm-text">{consequence(row, siblings)}</p>
          {error !== undefined && (
            <p class="error" role="alert">
              Not done: {error}
            </p>
          )}
          <p class="buttons">
            <button type="button" class="plain" onClick={onEnd}>
              Cancel
            </button>
            <button type="button" class="main" disabled={busy} onClick={() => void carryOut(row)}>
              {busy ? "Waiting for etcd…" : row.paused ? "Resume" : "Pause"}
            </button>
          </p>
        </>
      )}
    </dialog>
  );
}

function consequence({ service, paused }: InstanceRow, { listed, total }: Siblings): string {
  if (paused) return `It is listed under ${service} again, and clients begin to call it.`;
  const left = listed - 1;
  const base = `It leaves the listing of ${service} and finishes the calls it has; its process goes on running.`;
  return left > 0
    ? `${base} ${left} of ${count(total, "instance")} stay listed.`
    : `${base} It is the last one listed: clients that are connected go on calling it, new ones wait.`;
}
