// Tells the notebook around the workbench that keys pressed in it are not the notebook's shortcuts.
// JupyterLab looks for that on the focused element itself: in a drop-down "m" would otherwise turn
// the cell into text.

const mark = ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; };

export default {
  render({ model, el }) {
    let closed = false;
    let workbench = null;
    const listen = () => {
      workbench = el.closest(".callconv-workbench");
      if (workbench) workbench.addEventListener("focusin", mark);
      // It is drawn before it is part of the page.
      else if (!closed) requestAnimationFrame(listen);
    };
    listen();
    const reveal = () => {
      workbench?.querySelector(".callconv-steps")?.scrollIntoView({ block: "nearest" });
    };
    model.on("change:step", reveal);
    return () => {
      closed = true;
      model.off("change:step", reveal);
      workbench?.removeEventListener("focusin", mark);
    };
  },
};
