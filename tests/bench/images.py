# SPDX-License-Identifier: BSD-3-Clause
"""Make and keep the tree that the benchmark measures, and images of it, from
files of this machine: Python with numpy and scipy, large files that compress
(pieces of libraries), one that does not, and many small files."""
import glob
import os
import re
import shutil
import subprocess
import sys
import zlib

MIB = 1024 * 1024
PYTHON = "/usr/bin/python3"
IMPORT = (PYTHON + " -c 'import numpy, numpy.linalg, scipy.sparse, "
          "scipy.stats, scipy.optimize, scipy.signal'")
# Only the distribution's packages.
TREES = [*glob.glob("/usr/lib/python3.*"),
         *glob.glob("/usr/lib/python3/dist-packages/*")]
MANY = 20000
SHORT_SCALE = 0.02


def libraries(programs):
    """Return all that ldd names for the programs."""
    found = set()
    for program in programs:
        out = subprocess.run(["ldd", program], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout.decode()
        found.update(re.findall(r"(/[^ ]+) \(0x", out))
    return found


def add_python(tree):
    program = os.path.realpath(PYTHON)
    for source in TREES:
        if os.path.isdir(source):
            shutil.copytree(source, tree + source, symlinks=True,
                            ignore_dangling_symlinks=True, dirs_exist_ok=True)
    os.makedirs(tree + "/usr/bin", exist_ok=True)
    shutil.copy2(program, tree + PYTHON)
    modules = glob.glob(tree + "/usr/lib/**/*.so", recursive=True)
    for library in libraries([program, *modules]):
        os.makedirs(tree + os.path.dirname(library), exist_ok=True)
        shutil.copy2(library, tree + library)
    for name in ("lib", "lib64"):
        if not os.path.exists("%s/%s" % (tree, name)):
            os.symlink("usr/" + name, "%s/%s" % (tree, name))


def add_some(tree):
    """Make enough small files to check reads of some."""
    for source in glob.glob("/usr/lib/python3.*/json"):
        shutil.copytree(source, tree + source)


def library_bytes():
    """Yield data endlessly, without repetition as far as the machine's files go."""
    while True:
        for path in sorted(glob.glob("/usr/lib/*-linux-gnu/*.so*") +
                           glob.glob("/usr/bin/*")):
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as source:
                    yield source.read()


def write_big(path, size, stream):
    with open(path, "wb") as out:
        while out.tell() < size:
            out.write(next(stream)[:size - out.tell()])


def add_big(tree, scale):
    stream = library_bytes()
    os.makedirs(tree + "/big")
    write_big(tree + "/big/large", int(192 * scale * MIB), stream)
    for i in range(4):
        write_big("%s/big/%d" % (tree, i), int(64 * scale * MIB), stream)
    noise = (os.urandom(MIB) for _ in iter(int, 1))
    write_big(tree + "/big/stored", int(192 * scale * MIB), noise)


def add_many(tree):
    for i in range(MANY):
        directory = "%s/many/%d/%d" % (tree, i % 16, i % 331)
        os.makedirs(directory, exist_ok=True)
        with open("%s/file-%d" % (directory, i), "w") as out:
            out.write("%d\n" % i * (i % 200))


def write_aside(path, write):
    """Call write(a new path) and rename it, so that `path` is always complete."""
    new = path + ".new"
    if os.path.exists(path):
        return
    shutil.rmtree(new, ignore_errors=True)
    write(new)
    os.rename(new, path)


def run(argv, cwd=None):
    """Run a command and return its output."""
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE,
                          cwd=cwd).stdout.decode()


class Image:
    """A squashfs image at .offset in the file .path, unpacked in .tree; paths of
    files to read; and a .command, described by .does.  If it is packed as
    .layers, they are a stack that shows the same tree, the lowest first."""

    layers = []

    def warm(self):
        """Read the image into the page cache; cheap if it is there already."""
        for path in [self.path, *self.layers]:
            with open(path, "rb") as image:
                while image.read(4 * MIB):
                    pass


def pack_layer(tree, path, options, layer, layers):
    """Pack every so many files, and the directories that hold them.  So nearly
    all directories are merged of all layers."""
    part = path + ".tree"
    for directory, _, names in os.walk(tree):
        for name in names:
            file = os.path.relpath(os.path.join(directory, name), tree)
            if zlib.crc32(file.encode()) % layers == layer:
                new = os.path.join(part, file)
                os.makedirs(os.path.dirname(new), exist_ok=True)
                os.link(os.path.join(tree, file), new, follow_symlinks=False)
    run(["mksquashfs", part, path, *options])
    shutil.rmtree(part)


class Made(Image):
    offset = 0
    large, stored = "big/large", "big/stored"
    four = ["big/0", "big/1", "big/2", "big/3"]
    small = glob.glob("/usr/lib/python3.*")[0][1:]
    command, does = IMPORT, "python numpy+scipy import"

    def __init__(self, name, directory, scale, short=False):
        packing, _, layers = name.partition(":")
        compressor, block = packing.split("-")
        options = ["-noappend", "-no-progress", "-quiet", "-comp", compressor,
                   "-b", block]
        kept = os.path.join(directory, "short" if short else
                            "scale-%g" % scale)

        def make_tree(tree):
            if short:
                add_some(tree)
            else:
                add_python(tree)
            add_big(tree, SHORT_SCALE if short else scale)
            add_many(tree)

        def pack(path):
            run(["mksquashfs", self.tree, path, *options])

        self.name = name
        self.tree = os.path.join(kept, "tree")
        self.path = os.path.join(kept, packing + ".sqfs")
        write_aside(self.tree, make_tree)
        write_aside(self.path, pack)
        count = int(layers or 0)
        self.layers = [os.path.join(kept, "%s.%d-of-%d" % (packing, i, count))
                       for i in range(count)]
        for i, path in enumerate(self.layers):
            write_aside(path, lambda new, i=i: pack_layer(
                self.tree, new, options, i, count))


def root_offset(path):
    """Return the offset of the partition if the file is a SIF."""
    with open(path, "rb") as image:
        if image.read(4) == b"hsqs":
            return 0
    found = re.search(r"\|(\d+)-\d+ +\|FS \(Squashfs/\*System",
                      run(["siftool", "list", path]))
    if not found:
        sys.exit("bench: %s has no root partition of squashfs: see siftool list"
                 % path)
    return int(found.group(1))


def by_size(tree):
    """Return the paths of the regular files, the largest first."""
    sizes = {}
    for directory, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path):
                sizes[os.path.relpath(path, tree)] = os.path.getsize(path)
    return sorted(sizes, key=sizes.get, reverse=True)


class Given(Image):
    stored = None

    def __init__(self, path, directory, command, small):
        self.name = os.path.basename(path)
        self.path, self.offset = path, root_offset(path)
        self.tree = os.path.join(directory, self.name + ".tree")
        write_aside(self.tree, lambda tree: run(
            ["unsquashfs", "-no-progress", "-offset", str(self.offset),
             "-dest", tree, path]))
        self.four = by_size(self.tree)[:4]
        self.large = self.four[0]
        self.small = small
        self.command = self.does = command
