/**
 * Counts the listeners of everything that is alive: emitters (sockets, streams, processes) and event targets (abort signals).
 * It sees those added after it is imported, which are all that a run can gather.
 */
import { EventEmitter, getEventListeners } from "node:events";

const seen = new WeakSet<object>();
const emitters = new Set<WeakRef<EventEmitter>>();
const targets = new Set<WeakRef<EventTarget>>();

function note<T extends object>(one: T, all: Set<WeakRef<T>>): void {
  if (seen.has(one)) return;
  seen.add(one);
  all.add(new WeakRef(one));
}

for (const name of ["on", "addListener", "prependListener"] as const) {
  const real = EventEmitter.prototype[name];
  EventEmitter.prototype[name] = function (this: EventEmitter, ...args) {
    note(this, emitters);
    return real.apply(this, args);
  };
}
const realAdd = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (this: EventTarget, ...args) {
  note(this, targets);
  realAdd.apply(this, args);
};

/** How many listeners there are now, by whose they are (`Socket close`); of targets those for `abort`. Collect garbage before. */
export function countListeners(): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (one: object, event: string, count: number) => {
    const name = `${one.constructor.name} ${event}`;
    if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
  };
  for (const emitter of alive(emitters)) {
    for (const event of emitter.eventNames()) add(emitter, String(event), emitter.listenerCount(event));
  }
  for (const target of alive(targets)) add(target, "abort", getEventListeners(target, "abort").length);
  return counts;
}

function* alive<T extends object>(all: Set<WeakRef<T>>): Generator<T> {
  for (const reference of all) {
    const one = reference.deref();
    if (one) yield one;
    else all.delete(reference);
  }
}
