/** Numbers and times as they are shown: short, and as exact as they are known. */

export function age(sinceMs: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - sinceMs) / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

export function rate(perSecond: number): string {
  if (perSecond >= 10_000) return `${Math.round(perSecond / 1_000)}k`;
  if (perSecond >= 1_000) return `${(perSecond / 1_000).toFixed(1)}k`;
  return perSecond >= 10 || perSecond === 0 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

export function percent(share: number): string {
  const value = share * 100;
  return value === 0 || value >= 10 ? `${Math.round(value)} %` : `${value.toFixed(1)} %`;
}

export function millis(ms: number | undefined): string {
  if (ms === undefined) return "";
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** `3 instances`, `1 instance`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
