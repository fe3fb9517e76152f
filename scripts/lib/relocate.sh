# shellcheck shell=bash
# Makes programs of this machine run in any image: a copy whose interpreter and run path name one fixed folder, beside
# copies of all libraries it needs. No wrapper, no LD_LIBRARY_PATH that children would inherit.

relocate_home=/opt/glue # where the folder will lie
# $relocate_root is where it is made.

libraries_of() { # the files that the loader would map, the loader included
    local listing
    listing=$(ldd "$1")
    if grep -q 'not found' <<<"$listing"; then die "$1 misses libraries: $(grep 'not found' <<<"$listing")"; fi
    grep -oE '/[^ ]+' <<<"$listing"
}

relocate_loader=
add_library() {
    local name=${1##*/}
    [ -e "$relocate_root/lib/$name" ] && return 0
    cp -L "$1" "$relocate_root/lib/$name"
    chmod u+w,a+rx "$relocate_root/lib/$name"
    case $name in
    ld-linux*) relocate_loader=$name ;;
    *)
        strip --strip-debug "$relocate_root/lib/$name"
        # On the libraries too: a run path of the newer kind counts only for the object that carries it.
        patchelf --force-rpath --set-rpath "$relocate_home/lib" "$relocate_root/lib/$name"
        ;;
    esac
}

relocate() { # relocate SOURCE DESTINATION
    local library destination="$relocate_root/$2"
    for library in $(libraries_of "$1"); do add_library "$library"; done
    cp -L "$1" "$destination"
    chmod 0755 "$destination"
    strip --strip-debug "$destination"
    patchelf --set-interpreter "$relocate_home/lib/$relocate_loader" --force-rpath --set-rpath "$relocate_home/lib" "$destination"
}
