/** Where the registration of one instance stands. */
export type RegistrationState =
  /** There is no lease to put the key under. */
  | { readonly name: "waiting"; readonly why?: Error }
  /** The key is being put, again until etcd has it. */
  | { readonly name: "putting"; readonly lease: bigint; readonly why?: Error }
  /** `limited`: it has just been put without its attributes, which the role does not cover. */
  | { readonly name: "listed"; readonly lease: bigint; readonly limited?: true }
  /** Listed, while it is being put again: somebody deleted its attributes, or what it says has changed. `why`: the last attempt failed. */
  | { readonly name: "completing"; readonly lease: bigint; readonly why?: Error }
  /** The lease was not renewed for a whole TTL: the key may be gone. `completing`: it was about to be put again. */
  | { readonly name: "unrenewed"; readonly lease: bigint; readonly why: Error; readonly completing?: true }
  /** The key is somebody else's now. It is not fought for. */
  | { readonly name: "taken"; readonly lease: bigint; readonly why: Error }
  /** An operator has asked for it, and the key is being deleted. */
  | { readonly name: "pausing"; readonly lease: bigint }
  /** `gone`: the watches have shown since that the key is gone. */
  | { readonly name: "paused"; readonly lease: bigint; readonly gone?: true }
  /** `confirmed`: etcd has confirmed the key, and nothing since says that it is gone. */
  | { readonly name: "closing"; readonly confirmed: boolean }
  | { readonly name: "closed" };

export type RegistrationEvent =
  /** What the lease says of itself: its id, if there is one, and why it is missing or was not renewed in time. */
  | { readonly type: "lease"; readonly id: bigint | undefined; readonly trouble: Error | undefined }
  | { readonly type: "put done"; readonly limited: boolean }
  | { readonly type: "put failed"; readonly why: Error }
  | ({ readonly type: "keys seen" } & KeysSeen)
  /** What is to be put is not what was put. */
  | { readonly type: "value changed" }
  | { readonly type: "pause done" }
  | { readonly type: "close" }
  | { readonly type: "close done" };

/** What the watches of the own keys show, as of after the last put. */
export interface KeysSeen {
  /** The instance's own. */
  readonly key: string;
  readonly missing?: "instance" | "attributes";
  readonly taken?: Error;
  readonly pauseOrdered: boolean;
}

/** The state that follows. What does not concern a state leaves it as it is. */
export function next(state: RegistrationState, event: RegistrationEvent): RegistrationState {
  if (state.name === "closed") return state;
  if (state.name === "closing") return event.type === "close done" ? { name: "closed" } : state;
  switch (event.type) {
    case "lease":
      return event.id === undefined ? waiting(state, event.trouble) : withLease(state, event.id, event.trouble);
    case "put done":
      return state.name === "putting" || state.name === "completing" ? put(state.lease, event.limited) : state;
    case "put failed":
      return state.name === "putting" || state.name === "completing" ? failing(state, event.why) : state;
    case "keys seen":
      return state.name === "waiting" || state.name === "putting" ? state : keysSeen(state, event);
    case "value changed":
      return valueChanged(state);
    case "pause done":
      return state.name === "pausing" ? { name: "paused", lease: state.lease } : state;
    case "close":
      return { name: "closing", confirmed: isListed(state) || state.name === "unrenewed" };
    case "close done":
      return state;
  }
}

/** Whether etcd lists the instance, as far as is known. */
export function isListed({ name }: RegistrationState): boolean {
  return name === "listed" || name === "completing" || name === "pausing";
}

/** Why the instance is not listed; undefined when it is, when nothing has gone wrong yet, and at the end. */
export function whyNotListed(state: RegistrationState): Error | undefined {
  if (state.name === "paused") return new Error("an operator paused it");
  return "why" in state && !isListed(state) ? state.why : undefined;
}

/** Why the instance is listed without what else it has to say; undefined when nothing is known to be missing. */
export function whyIncomplete(state: RegistrationState): Error | undefined {
  return state.name === "completing" ? state.why : undefined;
}

type Held = Exclude<RegistrationState, { readonly name: "waiting" | "putting" | "closing" | "closed" }>;

function waiting(state: RegistrationState, trouble: Error | undefined): RegistrationState {
  return withWhy({ name: "waiting" }, trouble ?? whyLeft(state));
}

function withLease(state: RegistrationState, lease: bigint, trouble: Error | undefined): RegistrationState {
  if (!("lease" in state) || state.lease !== lease) {
    return withWhy({ name: "putting", lease }, trouble ?? whyLeft(state));
  }
  switch (state.name) {
    case "listed":
    case "completing":
    case "unrenewed":
      return trouble ? unrenewed(state, trouble) : renewed(state);
    default:
      return state;
  }
}

function put(lease: bigint, limited: boolean): RegistrationState {
  return { name: "listed", lease, ...(limited && { limited }) };
}

/** The same reason again is no other state. */
function failing<S extends { readonly name: "putting" | "completing"; readonly why?: Error }>(state: S, why: Error): S {
  return state.why?.message === why.message ? state : { ...state, why };
}

function whyLeft(state: RegistrationState): Error | undefined {
  return isListed(state) ? new Error("etcd no longer has the lease") : whyNotListed(state);
}

function unrenewed(state: Held, why: Error): RegistrationState {
  const completing = state.name === "completing" || (state.name === "unrenewed" && state.completing);
  return { name: "unrenewed", lease: state.lease, why, ...(completing && { completing }) };
}

function renewed(state: Held): RegistrationState {
  if (state.name !== "unrenewed") return state;
  return { name: state.completing ? "completing" : "listed", lease: state.lease };
}

/** Whoever puts now, or is yet to, puts what is to be put then. */
function valueChanged(state: RegistrationState): RegistrationState {
  if (state.name === "listed") return { name: "completing", lease: state.lease };
  return state.name === "unrenewed" ? { name: "putting", lease: state.lease, why: state.why } : state;
}

function keysSeen(
  state: Exclude<RegistrationState, { readonly name: "waiting" | "putting" }>,
  { key, missing, taken, pauseOrdered }: KeysSeen,
): RegistrationState {
  if (!("lease" in state)) return state;
  const { name, lease } = state;
  if (state.name === "paused") {
    if (!pauseOrdered) return { name: "putting", lease };
    if (missing === "instance") return state.gone ? state : { name: "paused", lease, gone: true };
    // It is back, and nobody has put it: a backup was restored.
    return state.gone && !taken ? { name: "pausing", lease } : state;
  }
  // Whether it was deleted in time is not known.
  if (name === "pausing") return pauseOrdered ? state : { name: "completing", lease };
  if (missing === "instance") return { name: "putting", lease, why: new Error(`its key ${key} was deleted`) };
  if (taken)
    return name === "taken" && state.why.message === taken.message ? state : { name: "taken", lease, why: taken };
  if (pauseOrdered) return { name: "pausing", lease };
  if (missing === "attributes") return name === "completing" ? state : { name: "completing", lease };
  return name === "taken" ? { name: "listed", lease } : state;
}

function withWhy<S extends { readonly name: "waiting" | "putting" }>(state: S, why: Error | undefined): S {
  return why ? { ...state, why } : state;
}
