/* The disk's image, block by block (file_system.c): superblock, inodes, files, and free blocks to write to. */

    .set    inode_limit, 64
    .set    free_blocks, 28

    .section .image, "a", @progbits
    .subsection 0
image:
    .ascii  "DISCOFS1"
    .word   (image_end - image) / 4096
    .word   inode_limit
    .balign 4096
inodes:

    .subsection 1
    .balign 4096

/* Bytes at the next block; at the next inode a name, the size, and one run of blocks. */
    .macro  file name, path
    .subsection 0
1:  .ascii  "\name"
2:  .fill   32 - (2b - 1b), 1, 0
    .word   end\@ - start\@, 1
    .word   (start\@ - image) / 4096, (end\@ - start\@ + 4095) / 4096
    .fill   80, 1, 0
    .subsection 1
start\@:
    .incbin "\path"
end\@:
    .balign 4096
    .endm

    file    bin/init, init
    file    bin/check, check
    file    bin/cc, cc
    file    bin/cpp, cpp
    file    bin/cc1, cc1
    file    bin/as, as
    file    bin/netcheck, netcheck
    file    src/radix.c, radix.c
    file    src/raytrace.c, raytrace.c
    file    src/fft.c, fft.c
    file    src/kernels.c, kernels.c
    file    src/torture.c, torture.c
    file    src/console.c, runtime/console.c
    file    src/memory.c, runtime/memory.c
    file    src/parameters.c, runtime/parameters.c

    .subsection 0
3:  .fill   inode_limit * 128 - (3b - inodes), 1, 0
    .balign 4096
    .subsection 1
    .fill   free_blocks * 4096, 1, 0
image_end:
