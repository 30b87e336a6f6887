#!/bin/sh
# Write the CycloneDX bill of materials of an unpacked environment, whose own Python need not run here.
# Usage: scripts/bill_of_materials.sh ENVIRONMENT CYCLONEDX_PY OUT
set -eu
packages=$(echo "$1"/lib/python3.*/site-packages)
asked=$(mktemp)
trap 'rm -f "$asked"' EXIT
# cyclonedx-py asks an interpreter for its path, and reads the packages that lie there.
printf '#!/bin/sh\necho "[\\"%s\\"]"\n' "$packages" >"$asked"
chmod +x "$asked"
"$2" environment --output-format JSON --output-file "$3" "$asked"
echo "bill of materials: $(grep -c '"purl"' "$3") packages in $3"
