import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { Registrar } from "../registry.js";
import type { TestedBackend } from "./index.js";
import { Stage } from "./stage.js";

const ADDRESS = "10.1.0.1:8080";

/** What Registrar and Registration promise. */
export function testRegistrar(tested: TestedBackend): void {
  const promise = (
    name: string,
    run: (stage: Stage, registrar: Registrar, service: string, t: TestContext) => Promise<void>,
  ) =>
    test(name, async (t) => {
      const stage = await Stage.set(t, tested);
      const { registrar, service } = await stage.registrar("order");
      await run(stage, registrar, service, t);
    });

  promise(
    "a registered instance is listed with its facts, until it is taken out",
    async (stage, registrar, service) => {
      const instance = { address: ADDRESS, weight: 3, zone: "z1", metadata: { version: "1.2" } };
      const registration = stage.keep(await registrar.register(service, instance));
      assert.equal(registration.listed, true);
      if (tested.discovers !== false) {
        const follower = await stage.follow("order");
        await follower.shows(ADDRESS);
        await follower.until(() => follower.sets.at(-1)?.[0]?.weight === 3, "shows the weight");
        assert.deepEqual(follower.sets.at(-1), [instance]);
        await stage.deregister(registration);
        await follower.shows();
      } else await stage.deregister(registration);
      assert.equal(registration.listed, false);
    },
  );

  promise("deregister() may be called often, and registering again works", async (stage, registrar, service) => {
    const registration = stage.keep(await registrar.register(service, { address: ADDRESS }));
    assert.equal(registration.deregister(), registration.deregister(), "later calls return the first promise");
    await stage.deregister(registration);
    const again = stage.keep(await registrar.register(service, { address: ADDRESS }));
    assert.equal(again.listed, true);
  });

  promise(
    "what no retry can mend is refused, and an aborted attempt rejects with the reason",
    async (_stage, registrar, service) => {
      await assert.rejects(registrar.register(service, { address: "no address" }));
      await assert.rejects(registrar.register("", { address: ADDRESS }));
      const reason = new Error("the test has changed its mind");
      await assert.rejects(
        registrar.register(service, { address: ADDRESS }, { signal: AbortSignal.abort(reason) }),
        reason,
      );
    },
  );

  promise(
    "a server that is away does not fail register(): the registration is listed, and says so, when it is back",
    async (stage, registrar, service, t) => {
      const { server } = stage;
      if (!server.break || !server.restore) return t.skip("the server cannot be broken");
      await server.break();
      const registration = stage.keep(await registrar.register(service, { address: ADDRESS }));
      assert.equal(registration.listed, false);
      const restored = once(registration, "restored");
      await server.restore();
      await stage.patience.inTime(restored, "for the registration to emit restored");
      assert.equal(registration.listed, true);
      if (tested.discovers !== false) await (await stage.follow("order")).shows(ADDRESS);
    },
  );

  promise("deregister() resolves while the server is away", async (stage, registrar, service, t) => {
    const { server } = stage;
    if (!server.break) return t.skip("the server cannot be broken");
    const registration = await registrar.register(service, { address: ADDRESS });
    await server.break();
    await stage.deregister(registration);
    assert.equal(registration.listed, false);
  });
}
