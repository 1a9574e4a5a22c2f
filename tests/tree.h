/* Whole trees of files, in one process: in the virtual machine each that cp(1) or rm(1) would be takes longer than the work. */
#ifndef HIND_TREE_H
#define HIND_TREE_H

/* Removes path and all below it; a mount inside stays, and what cannot go is told. */
void tree_remove(const char *path);

/* Makes `to`, whose parents are made where they are missing, with all that `from` holds, owners and modes too; what is in a
 * directory `bin` becomes links of the same files. Ends the process with a message where it cannot. */
void tree_copy(const char *from, const char *to);

#endif
