import type { DynamicModule, InjectionToken, ModuleMetadata, OptionalFactoryDependency } from "@nestjs/common";
import { HttpAdapterHost, ModulesContainer } from "@nestjs/core";
import { checkNames, refuse } from "../target/given.js";
import { type ModuleConfig, type ModuleSettings, Rollcall } from "./rollcall.js";
import { goFirst } from "./shutdown-order.js";

/** As Nest's other modules have it. */
export interface AsyncModuleConfig extends Pick<ModuleMetadata, "imports"> {
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // biome-ignore lint/suspicious/noExplicitAny: what is injected is the application's.
  readonly useFactory: (...injected: any[]) => ModuleConfig | Promise<ModuleConfig>;
}

const CONFIG = Symbol("rollcall's configuration");

/**
 * Ties the drain to the application's shutdown: its gRPC servers (RollcallServer) and its HTTP server are taken out, answer until
 * clients know, and finish their calls before any provider is destroyed, whether `app.close()` or a signal ends the application.
 * An HTTP server is registered when it listens. The module is global: providers of any module may inject Rollcall. Import it last
 * in the application's module, and call `app.enableShutdownHooks()`.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: Nest knows a module by its class.
export class RollcallModule {
  /** @throws TypeError when the application starts, if the configuration cannot be obeyed. */
  static forRoot(config: ModuleConfig = {}, settings: ModuleSettings = {}): DynamicModule {
    return moduleOf({ provide: CONFIG, useValue: config }, settings);
  }

  /** The same where the configuration is read when the application starts: `{ useFactory: () => loadConfig(...) }`. */
  static forRootAsync(asked: AsyncModuleConfig, settings: ModuleSettings = {}): DynamicModule {
    checkNames("RollcallModule.forRootAsync", asked, ["imports", "inject", "useFactory"]);
    const { imports, inject, useFactory } = asked;
    if (typeof useFactory !== "function") refuse("useFactory", useFactory, "a function that returns the configuration");
    const config = { provide: CONFIG, useFactory, ...(inject && { inject }) };
    return { ...moduleOf(config, settings), ...(imports && { imports }) };
  }
}

type Provider = NonNullable<DynamicModule["providers"]>[number];

function moduleOf(config: Provider, settings: ModuleSettings): DynamicModule {
  checkNames("RollcallModule", settings, ["registry", "signals"]);
  const make = (given: ModuleConfig, modules: ModulesContainer, host: HttpAdapterHost) => {
    goFirst(modules, RollcallModule);
    return new Rollcall(given, settings, { host, modules, module: RollcallModule });
  };
  const rollcall = { provide: Rollcall, inject: [CONFIG, ModulesContainer, HttpAdapterHost], useFactory: make };
  // Of the whole application there is one: a health check in a module of its own injects it, too.
  return { module: RollcallModule, global: true, providers: [config, rollcall], exports: [Rollcall] };
}
