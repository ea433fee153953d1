// Rollcall is transformed by Vite like the project's own files.
export default { test: { server: { deps: { inline: [/rollcall/] } } } };
