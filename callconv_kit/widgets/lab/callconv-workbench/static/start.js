// An extension of JupyterLab, as its module loader takes it: written by hand, so nothing is built.
// It runs the notebook that `callconv workbench` has opened, and makes room for it.

(() => {
  const isOurs = (widget) => /(^|\/)callconv-workbench[^/]*\.ipynb$/.test(widget?.context?.path ?? "");

  const opened = (shell) => new Promise((resolve) => {
    const look = () => {
      if (!isOurs(shell.currentWidget)) return;
      shell.currentChanged.disconnect(look);
      resolve(shell.currentWidget);
    };
    shell.currentChanged.connect(look);
    look();
  });

  const activate = async (app) => {
    const panel = await opened(app.shell);
    app.shell.collapseLeft();
    await Promise.all([panel.context.ready, panel.revealed, panel.sessionContext.ready]);
    await panel.sessionContext.session?.kernel?.info;
    const cells = [...panel.content.model.cells];
    const fresh = cells.every((cell) => cell.type !== "code" || cell.executionCount === null);
    if (fresh) await app.commands.execute("notebook:run-all-cells");
  };

  const plugin = { id: "callconv-workbench:start", autoStart: true, requires: [], activate: (app) => {
    app.restored.then(() => activate(app)).catch((error) => console.error(error));
  } };

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB["callconv-workbench"] = {
    init: async () => {},
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
