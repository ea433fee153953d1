import type { TestContext } from "node:test";
import { type RollcallInterceptor, rollcallInterceptor } from "../../src/undici/index.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";
import { type Contestant, fetchOf } from "./contestants.js";
import { type HttpServer, startHttp } from "./http-server.js";

export const registry = new FixtureRegistry("undici-fixture");
let services = 0;

interface Fleet {
  readonly servers: HttpServer[];
  readonly interceptor: RollcallInterceptor;
  readonly service: string;
  fetch(path: string, init?: RequestInit & { duplex?: "half" }): Promise<{ status: number; text: string }>;
}

/** Servers, listed, and requests to them whose connections stand. */
export async function fleet(t: TestContext, contestant: Contestant, count: number, options = {}): Promise<Fleet> {
  services += 1;
  const service = `order-${services}.http`;
  const servers = await Promise.all(Array.from({ length: count }, (_, at) => startHttp(String(at))));
  registry.list(
    service,
    servers.map(({ address }) => address),
  );
  const interceptor = rollcallInterceptor(registry.target(service), options);
  const agent = new contestant.undici.Agent();
  const dispatcher = agent.compose(interceptor);
  t.after(async () => {
    for (const server of servers) server.close();
    await interceptor.close();
    await agent.destroy();
  });
  await until(() => interceptor.stats().ready === count, "all are connected");
  const own = fetchOf(contestant);
  return {
    servers,
    interceptor,
    service,
    fetch: async (path, init = {}) => {
      const answer = await own(`http://order.http${path}`, { ...init, dispatcher });
      return { status: answer.status, text: await answer.text() };
    },
  };
}
