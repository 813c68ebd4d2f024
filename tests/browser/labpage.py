"""A real JupyterLab in a headless Chromium: start it, open a notebook, run it, ask what can be seen.

`JupyterServer` serves a copy of a folder, with settings of its own, so that neither the checkout nor the user's own
Jupyter is touched. `LabPage` is one open notebook. Nothing that a page asks for may leave this machine: other hosts
cannot be resolved, and each attempt is recorded. (Longer than 300 lines: all that is done to one page, in one place.)
"""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOST = "127.0.0.1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    # Cells outside the window are else not in the page, and could not be looked at.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
}
# What a panel says of a student's class that is still a stub; lesson 04's deals no slot, whatever its slider says.
UNFINISHED = re.compile("is not finished yet|(?<!Hash)Slots: no slot changes hands")
# Console errors that say nothing about a lesson. Each needs its reason.
ALLOWED_CONSOLE_ERRORS: tuple[str, ...] = ()


def find_browser() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


class JupyterServer:
    """JupyterLab on a free local port, serving a copy of `folder` made in `scratch`."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.root = scratch / "lessons"
        shutil.copytree(folder, self.root, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
        settings = scratch / "settings" / "@jupyterlab"
        for name, values in SETTINGS.items():
            file = settings / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        self.token = secrets.token_hex()
        self.url = f"http://{HOST}:{port}"
        self.log = scratch / "jupyter.log"
        own = {name: str(scratch / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
        own |= {
            "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(settings.parent),
            "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
            "JUPYTER_TOKEN": self.token,
            "LBCORE_PROGRESS": "",
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ip={HOST}", f"--port={port}"]
        command += ["--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True", f"--notebook-dir={self.root}"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.root, env=os.environ | own, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait_until_up()

    def _wait_until_up(self, patience_s: float = 60) -> None:
        end = time.monotonic() + patience_s
        while self._process.poll() is None and time.monotonic() < end:
            try:
                self.ask("api/status")
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def ask(self, path: str, method: str = "GET") -> Any:
        """Call the server's REST interface."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/{path}", headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def stop(self) -> None:
        """End the server; it ends its kernels."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class LabPage:
    """One notebook open in one tab, with a record of what went wrong in it."""

    def __init__(self, browser: Any, server: JupyterServer, name: str, **context: Any) -> None:
        self.name = name
        self.console_errors: list[str] = []
        self.abroad: list[str] = []
        size = context.pop("viewport", {"width": 1280, "height": 1600})
        self._context = browser.new_context(viewport=size, **context)
        self.page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.console_errors.append(f"uncaught: {error}"))
        self._context.on("request", lambda request: self._on_address(request.url))
        self.page.on("websocket", lambda websocket: self._on_address(websocket.url))
        self.page.goto(f"{server.url}/lab/tree/{name}?reset&token={server.token}")
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
        self._in_lab(
            """
            await app.restored;
            for (let tries = 0; tries < 600; tries++) {
                const context = find() && find().sessionContext;
                if (context && context.session && context.session.kernel) break;
                await new Promise(done => setTimeout(done, 100));
            }
            const context = find().sessionContext;
            await context.ready;
            await context.session.kernel.info;
            app.shell.activateById(find().id);
            """
        )

    def _on_console(self, message: Any) -> None:
        if message.type == "error" and not any(re.search(allowed, message.text) for allowed in ALLOWED_CONSOLE_ERRORS):
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _on_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != HOST:
            self.abroad.append(url)

    def _in_lab(self, body: str) -> Any:
        return self.page.evaluate(
            "async path => { const app = window.jupyterapp; const find = () => [...app.shell.widgets('main')]"
            f".find(widget => widget.context && widget.context.path === path); {body} }}",
            self.name,
        )

    def run_all(self, patience_s: float = 120) -> None:
        """Clear the saved outputs, Run All, and wait until each code cell has run and the page is at rest."""
        self.page.set_default_timeout(patience_s * 1000)
        self._in_lab("await app.commands.execute('notebook:clear-all-cell-outputs');")
        assert not self.executed(), "the saved outputs were not cleared"
        self._in_lab("await app.commands.execute('notebook:run-all-cells');")
        self.settle()

    def settle(self) -> None:
        """Wait until the kernel is idle and no widget is still loading."""
        self._in_lab(
            """
            const kernel = find().sessionContext.session.kernel;
            for (let quiet = 0, tries = 0; quiet < 5 && tries < 600; tries++) {
                await new Promise(done => setTimeout(done, 50));
                const loading = document.body.innerText.includes('Loading widget...');
                quiet = kernel.status === 'idle' && !loading ? quiet + 1 : 0;
            }
            """
        )

    def executed(self) -> list[int]:
        """The execution counts of the code cells that have one."""
        return [cell["execution_count"] for cell in self.code_cells() if cell["execution_count"]]

    def code_cells(self) -> list[dict[str, Any]]:
        """The notebook's code cells as they are now, in the form of the notebook file."""
        cells = self._in_lab("return find().context.model.toJSON().cells;")
        return [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]

    def errors(self) -> list[str]:
        """Everything that says a cell or a widget failed."""
        found = [
            f"{output['ename']}: {output['evalue']}"
            for cell in self.code_cells()
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]
        text = self.page.inner_text("body")
        return found + [words for words in ("Traceback", "Error displaying widget", "Loading widget") if words in text]

    def empty_widgets(self) -> list[int]:
        """Execution counts of the cells that show a widget in the file but none in the page."""
        return self._in_lab(
            """
            const mime = 'application/vnd.jupyter.widget-view+json';
            const empty = [];
            for (const cell of find().content.widgets) {
                if (cell.model.type !== 'code') continue;
                cell.model.toJSON().outputs.forEach((output, at) => {
                    if (!output.data || !output.data[mime]) return;
                    const view = cell.outputArea.widgets[at].node.querySelector('.jp-OutputArea-output .lm-Widget');
                    if (!view || !view.offsetHeight) empty.push(cell.model.executionCount);
                });
            }
            return empty;
            """
        )

    def too_wide(self) -> list[int]:
        """Execution counts of the cells with an output that is wider than its place, and so is scrolled or cut."""
        return self._in_lab(
            """
            const wide = node => node.scrollWidth > node.clientWidth + 1;
            return find().content.widgets
                .filter(cell => cell.model.type === 'code')
                .filter(cell => [...cell.node.querySelectorAll('.jp-OutputArea-output')].some(wide))
                .map(cell => cell.model.executionCount);
            """
        )

    def violations(self, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
        """What axe-core finds in the output areas."""
        if not self.page.evaluate("window.axe !== undefined"):
            import axe_core_python

            self.page.evaluate((Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
        result = self.page.evaluate(
            "axe.run({include: [['.jp-OutputArea']]}, {resultTypes: ['violations'], elementRef: false})"
        )
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in result["violations"]
            if violation["impact"] in impacts
            for node in violation["nodes"]
            # In a narrow window JupyterLab pales its own prompts, which are not ours.
            if "jp-OutputPrompt" not in node["html"]
        ]

    def commit_predictions(self) -> int:
        """Press Commit in each prediction from the keyboard; how many there were."""
        buttons = self.page.locator(".jp-OutputArea-output").get_by_role("button", name="Commit").all()
        for button in buttons:
            button.focus()
            self.page.keyboard.press("Space")
        self.settle()
        return len(buttons)

    def pictures(self) -> list[bool]:
        """For each panel, in order, whether it shows a picture; those that wait for the exercise need none."""
        every = self.page.locator(".lbcore-panel").filter(has_not_text=UNFINISHED).all()
        return [panel.locator(".lbcore-panel-picture svg").count() == 1 for panel in every]

    def panels(self) -> list[Any]:
        """The outputs that hold a picture and a slider that changes it."""
        outputs = self.page.locator(".jp-OutputArea-output").filter(has=self.page.locator(".lbcore-panel-picture"))
        outputs = outputs.filter(has_not_text=UNFINISHED)
        return outputs.filter(has=self.page.locator("input[type=range]")).all()

    def move_slider(self, panel: Any) -> list[float]:
        """Drive the panel's first slider to both ends and two steps; the times in ms from key to painted picture."""
        slider = panel.locator("input[type=range]").first
        at_end = slider.evaluate("slider => Number(slider.value) >= Number(slider.max)")
        times_ms = [] if at_end else [self.press(panel, "End")]
        times_ms.append(self.press(panel, "Home"))
        # One step may be too small to be seen in the picture; the line of code always says it.
        for key in ["ArrowRight", "ArrowRight", "End"]:
            if slider.evaluate("slider => Number(slider.value) >= Number(slider.max)"):
                break
            watch = ".lbcore-panel-picture" if key == "End" else ".lbcore-panel-picture, .lbcore-panel-code"
            times_ms.append(self.press(panel, key, watch))
        return times_ms

    def press(self, panel: Any, key: str, watch: str = ".lbcore-panel-picture", patience_ms: int = 20_000) -> float:
        """Press a key on the panel's first slider; the time in ms until what is watched has changed and is painted."""
        slider = panel.locator("input[type=range]").first
        slider.scroll_into_view_if_needed()
        slider.focus()
        panel.element_handle().evaluate(
            """(panel, [watched, patience]) => {
                const shown = () => [...panel.querySelectorAll(watched)].map(node => node.innerHTML).join();
                const before = shown();
                window.lbcorePainted = new Promise((done, fail) => {
                    let start = performance.now();
                    const press = () => { start = performance.now(); };
                    panel.addEventListener('keydown', press, {capture: true, once: true});
                    const observer = new MutationObserver(() => {
                        if (shown() === before) return;
                        observer.disconnect();
                        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
                    });
                    observer.observe(panel, {childList: true, subtree: true, attributes: true, characterData: true});
                    setTimeout(() => fail(new Error('the picture did not change')), patience);
                });
                window.lbcorePainted.catch(() => {});
            }""",
            [watch, patience_ms],
        )
        self.page.keyboard.press(key)
        return self.page.evaluate("window.lbcorePainted")

    def screenshot(self, file: Path) -> None:
        """A picture of the whole notebook, however long."""
        height = self._in_lab("return find().content.node.querySelector('.jp-WindowedPanel-viewport').scrollHeight;")
        width = self.page.viewport_size["width"]
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": min(int(height) + 200, 16_000)})
        self._in_lab("find().content.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0;")
        self.page.wait_for_timeout(300)
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(file))
        self.page.set_viewport_size(before)

    def close(self) -> None:
        """Close the tab and end its kernel."""
        self._in_lab("await find().sessionContext.shutdown();")
        self._context.close()


@contextmanager
def opened(browser: Any, server: JupyterServer, name: str, **context: Any) -> Iterator[LabPage]:
    """A notebook open, and closed again."""
    lab = LabPage(browser, server, name, **context)
    try:
        yield lab
    finally:
        lab.close()
