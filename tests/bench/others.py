"""DVC, Snakemake, DuckDB and pandas, each from PyPI in a virtual environment of its own under build/."""
import shutil
import subprocess
import sys
import venv

from measuring import fail

VERSIONS = {"dvc": "3.67.1", "snakemake": "9.27.1"}
LIBRARIES = {"duckdb": "2.0.1", "pandas": "3.1.1"}


def install(folder):
    """Name -> program; what is there already is used as it is."""
    programs = {}
    for name, version in VERSIONS.items():
        place = folder / f"{name}-{version}"
        program = place / "bin" / name
        if not program.exists():
            install_one(place, f"{name}=={version}")
        programs[name] = str(program)
    return programs


def install_libraries(folder):
    """Name -> the Python that can import it."""
    pythons = {}
    for name, version in LIBRARIES.items():
        place = folder / f"{name}-{version}"
        if not place.exists():
            install_one(place, f"{name}=={version}")
        pythons[name] = str(place / "bin/python")
    return pythons


def install_one(place, package):
    print(f"bench: installing {package} into {place}", file=sys.stderr, flush=True)
    shutil.rmtree(place, ignore_errors=True)
    try:
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin/python", "-m", "pip", "install", "--quiet", package], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(place, ignore_errors=True)
        fail(f"cannot install {package}: {error} (Debian: apt-get install python3-venv)")
