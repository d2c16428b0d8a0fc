"""A private copy of Dovecot's programs and modules with Roost installed into it.

The folders of modules are compiled into Dovecot, so an instance sees the copy at the place of the original: it runs in
a mount namespace of its own.  Nothing on the system is touched."""
import os
import pathlib
import shutil
import subprocess
import tempfile

LIBDIR = pathlib.Path("/usr/lib/dovecot")
SERVICES = ("roost", "roost-worker")


def _install(build, target):
    done = subprocess.run(["make", "-s", "-C", str(build), "install", f"DESTDIR={target}"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{build} cannot be installed:\n{done.stdout}")


def make_tree(build, target, sanitized=None):
    """Installs the build folder into `target`.  The two services come from the build folder `sanitized`, if one is
    given; the modules that Dovecot's own processes load do not, since those are not instrumented."""
    _install(build, target)
    folder = pathlib.Path(f"{target}{LIBDIR}")
    if sanitized:
        with tempfile.TemporaryDirectory() as other:
            _install(sanitized, other)
            for name in SERVICES:
                shutil.copy2(f"{other}{LIBDIR}/{name}", folder / name)
        (folder / "roost.sanitized").touch()
    subprocess.run(["cp", "-a", "--no-clobber", f"{LIBDIR}/.", str(folder)], check=True)
    return pathlib.Path(target)


def is_sanitized(target):
    return pathlib.Path(f"{target}{LIBDIR}", "roost.sanitized").exists()


def shell_start(target, config, root, inside):
    """The command line that becomes Dovecot's master process in a namespace in which `target` is installed, and in
    which the instance's folder `root` is seen as `inside`."""
    script = f'mount --bind "$1" {LIBDIR} && ' \
             'if [ "$3" != "$4" ]; then mkdir -p "$4" && mount --bind "$3" "$4"; fi && exec dovecot -F -c "$2"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "dovecot", f"{target}{LIBDIR}",
            str(config), str(root), str(inside)]


def seen_as(root):
    """The path by which the users' processes reach the folder: its own, unless a parent keeps them out (as /root does)
    or it is too long for the sockets in it."""
    parents = [root, *root.parents]
    if len(str(root)) < 60 and all(parent.stat().st_mode & 1 for parent in parents):
        return root
    return LIBDIR / "instance"


def default_build():
    """The build folder to test: ROOST_BUILD, or the current folder where configure was run in it."""
    return pathlib.Path(os.environ.get("ROOST_BUILD") or os.getcwd()).resolve()
