import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { conversation } from "../../sim/contract/conversation.js";
import { holding } from "../../src/async/hold.js";
import { dial } from "../../src/etcd-client/dial.js";
import { PingPace } from "../../src/etcd-client/rpc/ping-pace.js";
import { normaliseSettings } from "../../src/etcd-client/settings.js";
import { Tokens } from "../../src/etcd-client/tokens.js";
import { REGISTRIES } from "../contract/registries.js";
import { simulate } from "./simulation.js";

for (const { name, skip, start } of REGISTRIES) {
  suite(`the simulated etcd answers as ${name} does`, { skip }, () => {
    for (const seed of [1, 2, 3]) {
      test(`conversation ${seed}`, async (t) => {
        const registry = await start();
        t.after(() => registry.stop());
        const abort = new AbortController();
        const settings = normaliseSettings({ hosts: [registry.endpoint] });
        const options = { settings, pace: new PingPace(), tokens: new Tokens(), signal: abort.signal };
        const session = await holding(dial(registry.endpoint, options));
        t.after(() => session.drop(new Error("the test is over")));
        const said = await holding(conversation(session, seed));
        const { code, output } = await simulate("--conversation", String(seed));
        assert.equal(code, 0, output);
        assert.deepEqual(output.trimEnd().split("\n"), said);
      });
    }
  });
}
