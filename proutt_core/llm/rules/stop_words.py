"""Words that say nothing of what a dialogue is about: `rules` cuts texts at them."""

_ENGLISH = """
ago i've we'd we've they'd he's she's monday tuesday wednesday thursday friday saturday sunday january february march
april june july august september october november december
a about above actually after again all almost also although always am an and another any anyone anything are aren't
around as ask at away back be because been before being best better between both but by call came can can't cannot
come could couldn't course day days did didn't do does doesn't doing don't done down each either else end enough
even ever every everything few find first fine for found free from full further get gets getting give given gives go
goes going good got great had has hasn't have haven't having he hello help her here hers hey hi him his hold hour
hours how however i i'd i'll i'm i've if in instead into is isn't it it's its just keep kind know last later least
less let let's like likely little long look looks lot lots made make makes many may maybe me mean means might mind
minute minutes more most much must my myself near nearly need needed needs never new next nice no none nor not
nothing now of off often ok okay on once one ones only open or other others our out over own part per perfect please
possible put quite rather really right said same say says see seem seems several she should since small so some
someone something soon sorry still such sure take takes tell than thank thanks that that's the their them then there
there's these they they're thing things think this those though three through time times to together today told
tomorrow too toward tried true try two under until up us use used using usually very want wanted wants was wasn't
way we we'll we're well went were what what's when where whether which while who whole why will with within without
won't word work works would wouldn't year years yes yet you you'd you'll you're you've your yours
"""

ENGLISH_STOP = frozenset(_ENGLISH.split())

# A pattern: first the words, then single characters.
CHINESE_STOP = (
    "谢谢|你好|您好|请问|什么|怎么|怎样|多少|多久|知道|告诉|麻烦|推荐|介绍|一下|一个|一家|一些|一种|没有|可以|需要|如果|因为|"
    "所以|但是|而且|非常|比较|应该|已经|这样|那么|时候|为什么|或者|还是|就是|不是|其他|大家|自己|现在|今天|明天|觉得|希望|"
    "符合|满足|要求|条件|不错|详细|左右|以上|以下|之间|抱歉|对不起|不客气|客气|再见|好的|太好了|查到|附近|周边|"
    "[的了吗呢啊吧呀哦嗯哈是在有我你您他她它们这那哪个和与及或也就还又想要请帮给让把被对从到去来会能可不没很太最再家只更些种次位吃住找看好]"
)
