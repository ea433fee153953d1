/**
 * The order in which Nest destroys modules: by their distance from the application's module, nearest first, and of several at
 * the same distance the one imported last. What is destroyed before the drain is missing to the calls that still come.
 */

/** What this reads of Nest's Module, which Nest publishes no type of. */
export interface ModuleLike {
  readonly metatype: unknown;
  readonly name: string;
  distance: number;
  readonly providers: ReadonlyMap<unknown, Holder>;
  readonly controllers: ReadonlyMap<unknown, Holder>;
}

interface Holder {
  readonly name: unknown;
  readonly instance?: unknown;
}

/** Nearer than the application's own module, whose distance is 1 or more. */
const NEAREST = -1;

/** Puts the modules of this class before all others. Before any hook has run, because Nest reads the order once. */
export function goFirst(modules: ReadonlyMap<string, ModuleLike>, metatype: unknown): void {
  for (const module of modules.values()) if (module.metatype === metatype) module.distance = NEAREST;
}

/** The providers with an onModuleDestroy hook that Nest destroys before the modules of this class: `PrismaService of AppModule`. */
export function destroyedBefore(modules: ReadonlyMap<string, ModuleLike>, metatype: unknown): string[] {
  const order = [...modules.values()].sort((a, b) => b.distance - a.distance).reverse();
  const own = order.findLastIndex((module) => module.metatype === metatype);
  return order
    .slice(0, Math.max(0, own))
    .filter((module) => module.metatype !== metatype)
    .flatMap(({ name, providers, controllers }) =>
      [...providers.values(), ...controllers.values()]
        .filter(({ instance }) => hasDestroyHook(instance))
        .map((holder) => `${String(holder.name)} of ${name}`),
    );
}

function hasDestroyHook(instance: unknown): boolean {
  if (typeof instance !== "object" || instance === null) return false;
  return "onModuleDestroy" in instance && typeof instance.onModuleDestroy === "function";
}
