import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Forbids importing from the given layers; `from` names them for the reader of the message. */
const layer = (files, patterns, message) => ({
  files,
  rules: {
    "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ regex: patterns, message }] }],
  },
});

export default defineConfig(
  globalIgnores(["dist", "coverage", ".cache"]),
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Named exports only: one name per thing." },
      ],
    },
  },
  // The scheduling core is pure: it imports nothing outside itself, and no clock, timer or random source.
  layer(
    ["filters/**/*.ts", "strategies/**/*.ts", "src/scheduler/**/*.ts"],
    "^node:|/src/(?!scheduler/)|^\\.\\./(docker|cluster|events|proxy|api|cli|telemetry|store|app|main)|/discovery/|^(express|dockerode|http-proxy|pino|undici)",
    "filters, strategies and src/scheduler are pure: they import only each other, minimatch and re2js.",
  ),
  {
    files: ["filters/**/*.ts", "strategies/**/*.ts", "src/scheduler/**/*.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...[
          "Date",
          "process",
          "setTimeout",
          "setInterval",
          "setImmediate",
          "performance",
          "fetch",
          "Buffer",
        ].map((name) => ({
          name,
          message: "The scheduling core is pure: take it as an argument.",
        })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Take the generator as an argument." },
      ],
    },
  },
  layer(
    ["src/docker/**/*.ts"],
    "/(cluster|events|proxy|api|cli|discovery)/|/(app|main)\\.ts$",
    "src/docker knows only Docker's wire and the scheduler's types.",
  ),
  layer(
    ["src/cluster/**/*.ts"],
    "/(events|proxy|api|cli|discovery)/|/(app|main)\\.ts$",
    "src/cluster stands on scheduler and docker only.",
  ),
  layer(
    ["src/events/**/*.ts"],
    "/(proxy|api|cli|discovery)/|/(app|main)\\.ts$",
    "src/events stands on cluster and docker only.",
  ),
  layer(["src/proxy/**/*.ts"], "/(api|cli|discovery)/|/(app|main)\\.ts$", "src/proxy does not know routes."),
  layer(
    ["src/api/**/*.ts"],
    "/(cli|discovery)/|/(app|main)\\.ts$",
    "src/api is composed by src/app.ts; it does not know the command line.",
  ),
  layer(
    ["discovery/**/*.ts"],
    "/(api|cluster|proxy|events|cli|scheduler)/|/(app|main)\\.ts$",
    "A discovery backend yields addresses and nothing else.",
  ),
  layer(
    ["src/net/**/*.ts"],
    "^\\.\\./(?!errors\\.ts$|(telemetry|tls)/)",
    "src/net is servers and sockets without routes: whoever listens stands on it.",
  ),
  layer(
    ["src/tls/**/*.ts"],
    "^\\.\\./(?!errors\\.ts$|telemetry/)|/(discovery|filters)/",
    "src/tls stands alone: listeners, engines and commands stand on it.",
  ),
  layer(
    ["src/membership/**/*.ts"],
    "/(events|proxy|api|cli)/|/(app|main)\\.ts$",
    "src/membership stands on discovery and cluster.",
  ),
  layer(
    ["src/replication/**/*.ts"],
    "/(api|cli|reschedule|nodes|cluster)/|/discovery/(?!(address|error-pace)\\.ts$)|/(app|main)\\.ts$",
    "src/replication stands on store, net and proxy: it knows no engine and no route.",
  ),
  layer(
    ["src/nodes/**/*.ts"],
    "/(api|cli|discovery|proxy|events|reschedule)/|/(app|main)\\.ts$",
    "src/nodes keeps what operators said about nodes: it stands on store.",
  ),
  layer(
    ["src/reschedule/**/*.ts"],
    "/(api|cli|discovery|proxy)/|/(app|main)\\.ts$",
    "src/reschedule stands on cluster, store and leadership; how containers are made is handed to it.",
  ),
  layer(
    ["src/agent/**/*.ts"],
    "^\\.\\./(?!errors\\.ts$|(health|telemetry)/|\\.\\./discovery/(address|timing|types)\\.ts$)|^(express|dockerode|http-proxy|undici)",
    "src/agent keeps an entry alive: it knows no backend and no cluster.",
  ),
  layer(
    ["src/health/**/*.ts"],
    "^\\.\\./(?!telemetry/|\\.\\./discovery/timing\\.ts$)|^[^.n]",
    "src/health must stay light and knows none of the commands that report: the check runs every few seconds.",
  ),
  layer(
    ["src/discovery-service/**/*.ts"],
    "^\\.\\./(?!errors\\.ts$|(net|telemetry|tls)/|store/directory-owner\\.ts$|\\.\\./discovery/(address|token-place)\\.ts$)|^(dockerode|http-proxy|undici)",
    "src/discovery-service stands alone: of the manager it shares src/net and the directory lock.",
  ),
  layer(
    ["src/store/**/*.ts"],
    "^\\.\\./(?!errors\\.ts$|telemetry/os-error\\.ts$|tls/read-file\\.ts$)|^(express|dockerode|http-proxy|pino)",
    "src/store stands alone: discovery, replication and wanted state stand on it.",
  ),
  {
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
