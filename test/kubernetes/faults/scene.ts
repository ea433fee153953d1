import type { TestContext } from "node:test";
import type { KubernetesTiming } from "../../../src/backends/kubernetes/index.js";
import { KubeApiServer } from "../../support/real-parts/kube/stand-in.js";
import type { Watched } from "../../support/watched.js";
import { endpoint, Pod, slice } from "../pod.js";

/** An API server with one slice of one endpoint, and the pods that watch it. Its parts work on their own: tests take what they need. */
export class Scene {
  readonly server = new KubeApiServer();
  readonly watches: Watched[] = [];
  readonly #pods: Pod[] = [];

  pod = (timing: Partial<KubernetesTiming> = {}, port = this.server.port): Pod => {
    const { cert } = this.server.certificate;
    const made = new Pod({ port, ca: cert, token: "reader", namespace: "shop" }, timing);
    this.#pods.push(made);
    return made;
  };

  watch = async (from: Pod, url = "k8s:///order"): Promise<Watched> => {
    const watched = await from.watch(url);
    this.watches.push(watched);
    return watched;
  };

  /** Watches the one slice there is, and waits until changes would be seen. */
  settled = async (from: Pod): Promise<Watched> => {
    const watched = await this.watch(from);
    await watched.shows("10.0.0.1:8080");
    await this.server.until(() => this.server.watches === 1);
    return watched;
  };

  sees = async (watched: Watched, address = "10.0.0.2"): Promise<void> => {
    this.server.apply(slice("order-1", [endpoint(address)]));
    await watched.shows(`${address}:8080`);
  };

  verbs = () => this.server.requests.map(({ verb, status }) => `${verb} ${status}`);

  async end(): Promise<void> {
    for (const watched of this.watches) await watched.end();
    for (const pod of this.#pods) pod.remove();
    await this.server.stop();
  }
}

export async function scene(t: TestContext): Promise<Scene> {
  const made = new Scene();
  await made.server.start();
  made.server.apply(slice("order-1", [endpoint("10.0.0.1")]));
  t.after(() => made.end());
  return made;
}
