import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChannelSource } from "../membership/channel-source.js";
import { PoolPicker } from "./picker.js";

type Connections = ConstructorParameters<typeof PoolPicker<string>>[0];

const SOURCE = { recorder: undefined, ended: () => {} } as unknown as ChannelSource;

class FakeConnection {
  readonly listed: { readonly instance: { readonly address: string } };
  readonly session = {
    connection: "",
    exchanges: 0,
    dead: new AbortController().signal,
    began: () => {
      this.session.exchanges += 1;
      return 0;
    },
    heard: () => {},
    ended: () => {
      this.session.exchanges -= 1;
    },
  };
  stale = false;
  probes = 0;
  readonly #probed: () => void;

  constructor(address: string, probed: () => void) {
    this.listed = { instance: { address } };
    this.#probed = probed;
  }

  probe(): void {
    this.probes += 1;
    this.#probed();
  }
}

/** Connections of which each takes so many exchanges at a time, and gets none while it is probed. */
function picker(names: readonly string[], capacity: number) {
  const connections = new Map<string, FakeConnection>();
  const usable = new Set(names);
  const list = () => picker.set(usable, () => 1);
  for (const name of names) {
    connections.set(
      name,
      new FakeConnection(name, () => {
        usable.delete(name);
        list();
      }),
    );
  }
  const picker = new PoolPicker<string>(connections as unknown as Connections, SOURCE, true, () => capacity);
  list();
  const take = (tried?: Set<string>) => picker.take({}, tried);
  return { connections, take };
}

const NAMES = Array.from({ length: 30 }, (_, i) => `10.0.0.${i}:80`);

test("no exchange waits at a full instance while one has room, however many are full", () => {
  for (let round = 0; round < 20; round++) {
    const { connections, take } = picker(NAMES, 1);
    for (let i = 0; i < NAMES.length; i++) take();
    assert.deepEqual(
      [...connections.values()].filter(({ session }) => session.exchanges !== 1),
      [],
    );
    assert.ok(take(), "where all are full it waits at one of them");
  }
});

test("nor does a second attempt, whose first instance may be gone", () => {
  for (let round = 0; round < 50; round++) {
    const { connections, take } = picker(["full", "free"], 1);
    connections.get("full")!.session.exchanges = 1;
    assert.equal(take(new Set(["gone"]))!.instance.address, "free");
  }
});

test("where all that answer are full, an exchange waits for the word of those that are asked, and not for another one's end", () => {
  const { connections, take } = picker(["full", "idle"], 1);
  connections.get("full")!.session.exchanges = 1;
  const idle = connections.get("idle")!;
  idle.stale = true;
  assert.equal(take(), undefined);
  assert.equal(idle.probes, 1);
});

test("an exchange that finds many stale connections waits for the answer of the first few", () => {
  const { connections, take } = picker(NAMES, 1);
  for (const connection of connections.values()) connection.stale = true;
  assert.equal(take(), undefined);
  assert.equal([...connections.values()].filter(({ probes }) => probes > 0).length, 6);
});
