#ifndef ROOST_COMPAT_H
#define ROOST_COMPAT_H

/* Everything that differs between Dovecot 2.3 and 2.4: no other folder has a version #if.
   Include it after lib.h where it is needed. DOVECOT_2_4 comes from configure. */

#endif
