"""Every text a patient reads and every word a patient may use, by situation (R-E3).

The wording keeps to: 您 throughout, what happened before what to do, one thing asked at a time and last, no blame.
"""
